import { type ReactNode, useState } from 'react'
import { Ban } from 'lucide-react'
import type { ProviderDetail } from '../../../../src/http/dashboard/contract/network.ts'
import { Button } from '../../components/ui/button.tsx'
import { ConfirmAction } from '../../components/confirm-action.tsx'
import { Panel } from '../../components/ui/panel.tsx'
import { RelativeTime } from '../../components/ui/relative-time.tsx'
import { tell, tellError } from '../../components/ui/toaster.tsx'
import { messageOf } from '../../lib/fetch-json.ts'
import { formatNumber } from '../../lib/format.ts'
import { useChangeProvider } from './api.ts'

type Person = { id: string; name: string }

/** Who had images of it, and who may have none; for its owner and admins. */
export function PeoplePanels({ provider }: { provider: ProviderDetail }) {
  const { usedBy, blocked } = provider
  const [blocking, setBlocking] = useState<Person>()
  const barred = new Set(blocked.map(({ id }) => id))
  return (
    <>
      <Panel title="Used by, within 30 days">
        {usedBy.length === 0 && <p className="text-muted">Nobody had an image of it.</p>}
        <ul className="flex flex-col divide-y divide-line">
          {usedBy.map((person) => (
            <li key={person.id} className="flex min-h-12 items-center gap-3 py-1.5">
              <PersonLine name={person.name}>
                {person.images === 1 ? '1 image' : `${formatNumber(person.images)} images`}, last{' '}
                <RelativeTime at={person.lastAt} />
              </PersonLine>
              {person.id !== provider.owner.id && !barred.has(person.id) && (
                <Button
                  look="ghost"
                  size="small"
                  icon={Ban}
                  className="hover:text-bad"
                  aria-label={`Block ${person.name}`}
                  onClick={() => setBlocking(person)}
                >
                  Block
                </Button>
              )}
            </li>
          ))}
        </ul>
      </Panel>
      {blocked.length > 0 && <BlockedPanel provider={provider} />}
      {blocking && <BlockDialog provider={provider} person={blocking} onClose={() => setBlocking(undefined)} />}
    </>
  )
}

const PersonLine = ({ name, children }: { name: string; children: ReactNode }) => (
  <div className="min-w-0 flex-1">
    <p className="truncate font-medium">{name}</p>
    <p className="text-[13px] text-muted tabular-nums">{children}</p>
  </div>
)

function BlockedPanel({ provider: { id, blocked } }: { provider: ProviderDetail }) {
  const change = useChangeProvider(id)
  const unblock = (person: Person) =>
    change.mutate(
      { what: 'unblock', userId: person.id },
      {
        onSuccess: () => tell(`${person.name} may use it again`),
        onError: (error) => tellError(`${person.name} is still blocked`, messageOf(error))
      }
    )
  return (
    <Panel title="Blocked">
      <ul className="flex flex-col divide-y divide-line">
        {blocked.map((person) => (
          <li key={person.id} className="flex min-h-12 items-center gap-3 py-1.5">
            <PersonLine name={person.name}>
              Since <RelativeTime at={person.at} />
            </PersonLine>
            <Button
              size="small"
              busy={change.isPending}
              aria-label={`Unblock ${person.name}`}
              onClick={() => unblock(person)}
            >
              Unblock
            </Button>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

function BlockDialog(props: { provider: ProviderDetail; person: Person; onClose: () => void }) {
  const { provider, person, onClose } = props
  return (
    <ConfirmAction
      action={useChangeProvider(provider.id)}
      variables={{ what: 'block', userId: person.id }}
      done={`${person.name} is blocked`}
      failed={`${person.name} was not blocked`}
      onClose={onClose}
      title={`Block ${person.name}?`}
      description={`${provider.name} makes no more images for ${person.name}. What runs now is finished. You can unblock them at any time.`}
      keep="Cancel"
      confirm="Block"
    />
  )
}
