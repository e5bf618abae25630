import { Monitor, Smartphone } from 'lucide-react'
import type { AccountInfo } from '../../../../src/http/dashboard/contract/account.ts'
import { Badge } from '../../components/ui/badge.tsx'
import { Button } from '../../components/ui/button.tsx'
import { RelativeTime } from '../../components/ui/relative-time.tsx'
import { formatDay } from '../../lib/format.ts'
import { useEndSessions } from './api.ts'
import { describeBrowser } from './describe-browser.ts'
import { Section } from './section.tsx'

type Session = AccountInfo['sessions'][number]

export function SessionsSection({ sessions }: { sessions: readonly Session[] }) {
  const end = useEndSessions()
  const inOrder = sessions.toSorted((a, b) => Number(b.isThis) - Number(a.isThis) || b.lastSeenAt - a.lastSeenAt)
  return (
    <Section title="Sessions" description="Browsers you are signed in with.">
      <ul className="divide-y divide-line rounded-2xl border border-line bg-surface shadow-card">
        {inOrder.map((session) => (
          <SessionRow
            key={session.id}
            session={session}
            busy={end.isPending && end.variables !== 'others' && end.variables.id === session.id}
            onEnd={() => end.mutate({ id: session.id })}
          />
        ))}
      </ul>
      {sessions.length > 1 && (
        <Button
          className="self-start"
          busy={end.isPending && end.variables === 'others'}
          onClick={() => end.mutate('others')}
        >
          End all others
        </Button>
      )}
    </Section>
  )
}

function SessionRow({ session, busy, onEnd }: { session: Session; busy: boolean; onEnd: () => void }) {
  const { name, isPhone } = describeBrowser(session.userAgent)
  const Icon = isPhone ? Smartphone : Monitor
  return (
    <li className="flex min-h-16 items-center gap-3 px-4 py-2.5">
      <Icon className="size-5 shrink-0 text-faint" aria-hidden />
      <div className="min-w-0 flex-1">
        <div className="truncate">{name}</div>
        <div className="text-xs text-faint">
          Seen <RelativeTime at={session.lastSeenAt} />, signed in {formatDay(session.createdAt)}
        </div>
      </div>
      {session.isThis ? (
        <Badge look="good">This browser</Badge>
      ) : (
        <Button size="small" busy={busy} onClick={onEnd} aria-label={`End the session of ${name}`}>
          End
        </Button>
      )}
    </li>
  )
}
