import { BadgeCheck, Ban, Hourglass, ShieldCheck, Sprout } from 'lucide-react'
import type { ProviderDetail, ProviderInfo } from '../../../../src/http/dashboard/contract/network.ts'
import { Badge } from '../../components/ui/badge.tsx'
import { Button } from '../../components/ui/button.tsx'
import { RelativeTime } from '../../components/ui/relative-time.tsx'
import { tell, tellError } from '../../components/ui/toaster.tsx'
import { messageOf } from '../../lib/fetch-json.ts'
import { type TrustWord, useChangeProvider } from './api.ts'
import { explainTrust, trustWords } from './trust-words.ts'

/** Whether it serves others, where that is not as usual. */
export function TrustBadge({ provider }: { provider: ProviderInfo }) {
  const { trust } = provider
  const words = trustWords(provider)
  if (words === null) return null
  const Icon = trust.state === 'limited' ? Sprout : trust.state === 'pending' ? Hourglass : Ban
  return (
    <Badge look={trust.state === 'limited' ? 'info' : 'warn'}>
      <Icon className="size-3" aria-hidden />
      {words}
    </Badge>
  )
}

/** The same in a sentence, and who said so. */
export function TrustNotice({ provider }: { provider: ProviderDetail }) {
  const text = explainTrust(provider)
  if (text === null) return null
  const { trust, trustedBy } = provider
  return (
    <p className="rounded-xl bg-warn-soft px-4 py-3 text-warn">
      {text}
      {trustedBy !== null && trust.since !== null && (
        <>
          {' '}
          Decided by {trustedBy}, <RelativeTime at={trust.since} />.
        </>
      )}
    </p>
  )
}

/** What an admin says about it. */
export function TrustActions({ provider }: { provider: ProviderInfo }) {
  const { state } = provider.trust
  return (
    <>
      {state === 'pending' && <TrustButton provider={provider} word="approve" label="Approve" />}
      {state === 'limited' && <TrustButton provider={provider} word="approve" label="Trust now" />}
      {state === 'blocked' ? (
        <TrustButton provider={provider} word="letBack" label="Unblock" />
      ) : (
        state !== 'closed' && <TrustButton provider={provider} word="shutOut" label="Block" />
      )}
    </>
  )
}

const ICONS = { approve: BadgeCheck, letBack: ShieldCheck, shutOut: Ban } as const
const TOLD: Record<TrustWord, string> = {
  approve: 'may serve others now, few images at first',
  letBack: 'may serve others again',
  shutOut: 'serves its owner alone'
}

function TrustButton({ provider, word, label }: { provider: ProviderInfo; word: TrustWord; label: string }) {
  const change = useChangeProvider(provider.id)
  const told = word === 'approve' && provider.trust.state === 'limited' ? 'is trusted now' : TOLD[word]
  const decide = () =>
    change.mutate(
      { what: word },
      {
        onSuccess: () => tell(`${provider.name} ${told}`),
        onError: (error) => tellError('Nothing was changed', messageOf(error))
      }
    )
  return (
    <Button
      look={word === 'shutOut' ? 'danger' : 'primary'}
      icon={ICONS[word]}
      busy={change.isPending}
      onClick={decide}
    >
      {label}
    </Button>
  )
}
