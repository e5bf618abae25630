import { useMutation } from '@tanstack/react-query'
import { Link2 } from 'lucide-react'
import type { AccountInfo } from '../../../../src/http/dashboard/contract/account.ts'
import type { SignInOptions } from '../../../../src/http/dashboard/contract/session.ts'
import { Button } from '../../components/ui/button.tsx'
import { tell, tellError } from '../../components/ui/toaster.tsx'
import { messageOf } from '../../lib/fetch-json.ts'
import { formatDay } from '../../lib/format.ts'
import { useSession } from '../../lib/session.ts'
import { type LinkedProvider, linkProvider, useUnlinkProvider } from './api.ts'
import { Section } from './section.tsx'

/** Sign-ins elsewhere; nothing where the server has none. */
export function LinkedSection({ account }: { account: AccountInfo }) {
  const options = useSession().data?.signIn
  const providers = options ? providersOf(options, account) : []
  if (providers.length === 0) return null
  return (
    <Section title="Linked sign-ins" description="Other ways to sign in to this account.">
      <ul className="divide-y divide-line rounded-2xl border border-line bg-surface shadow-card">
        {providers.map((one) => (
          <ProviderRow key={one.provider} {...one} isOnlyWay={!account.hasPassword && account.linked.length === 1} />
        ))}
      </ul>
    </Section>
  )
}

interface ProviderEntry {
  provider: LinkedProvider
  name: string
  /** Null: it is not linked. */
  linkedAt: number | null
}

function providersOf({ github, oidc }: SignInOptions, { linked }: AccountInfo): ProviderEntry[] {
  const entry = (provider: LinkedProvider, name: string): ProviderEntry => ({
    provider,
    name,
    linkedAt: linked.find((one) => one.provider === provider)?.linkedAt ?? null
  })
  return [...(github ? [entry('github', 'GitHub')] : []), ...(oidc ? [entry('oidc', oidc.name)] : [])]
}

function ProviderRow({ provider, name, linkedAt, isOnlyWay }: ProviderEntry & { isOnlyWay: boolean }) {
  const link = useMutation({
    mutationFn: linkProvider,
    onError: (error) => tellError('Linking did not begin', messageOf(error))
  })
  const unlink = useUnlinkProvider()
  const isLast = linkedAt !== null && isOnlyWay
  const hint = isLast
    ? 'The only way you can sign in'
    : linkedAt === null
      ? 'Not linked'
      : `Since ${formatDay(linkedAt)}`
  return (
    <li className="flex min-h-16 items-center gap-3 px-4 py-2.5">
      <Link2 className="size-5 shrink-0 text-faint" aria-hidden />
      <div className="min-w-0 flex-1">
        <div className="truncate">{name}</div>
        <div className="text-xs text-faint">{hint}</div>
      </div>
      {linkedAt === null ? (
        <Button
          size="small"
          // The page is about to be left: it stays as it is.
          busy={link.isPending || link.isSuccess}
          onClick={() => link.mutate(provider)}
          aria-label={`Link ${name}`}
        >
          Link
        </Button>
      ) : (
        <Button
          size="small"
          disabled={isLast}
          busy={unlink.isPending}
          aria-label={`Unlink ${name}`}
          onClick={() =>
            unlink.mutate(provider, {
              onSuccess: () => tell(`${name} is not linked any more`),
              onError: (error) => tellError('It is still linked', messageOf(error))
            })
          }
        >
          Unlink
        </Button>
      )}
    </li>
  )
}
