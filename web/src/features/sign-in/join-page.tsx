import { useQuery } from '@tanstack/react-query'
import { Link, useLocation } from '@tanstack/react-router'
import { buttonClass } from '../../components/ui/button.tsx'
import { ErrorState, Skeleton } from '../../components/ui/states.tsx'
import { ApiError } from '../../lib/fetch-json.ts'
import { invitationQuery } from './api.ts'
import { EntryFrame } from './entry-frame.tsx'
import { JoinForm } from './join-form.tsx'

/** What a one-time link leads to: an account of one's own, or a new password. */
export function JoinPage() {
  const token = useLocation({ select: ({ hash }) => hash })
  return token === '' ? (
    <Useless why="This link is not complete: a part of it got lost on its way." />
  ) : (
    <Invited token={token} />
  )
}

function Invited({ token }: { token: string }) {
  const { data: look, error, refetch } = useQuery(invitationQuery(token))
  if (look) return <JoinForm key={token} token={token} look={look} />
  if (error instanceof ApiError && error.code === 'invitation_invalid') return <Useless why={error.message} />
  return (
    <EntryFrame title="Join" description={error ? undefined : 'Looking at your link.'}>
      {error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <Skeleton className="h-80" />}
    </EntryFrame>
  )
}

/** A link that is used, expired, revoked or broken. */
const Useless = ({ why }: { why: string }) => (
  <EntryFrame title="This link does not work" tab="Join" description={why}>
    <ul className="flex list-disc flex-col gap-2 pl-5 text-muted marker:text-faint">
      <li>If you have used it already, sign in with the password you chose.</li>
      <li>
        An admin can make a new invitation on the page “People”, and a link to a new password on the server, with{' '}
        <code className="rounded bg-sunken px-1 py-0.5 font-mono text-xs whitespace-nowrap">
          inference-club users link &lt;e-mail&gt;
        </code>
        .
      </li>
    </ul>
    <Link to="/sign-in" className={buttonClass('secondary', 'large')}>
      To the sign-in page
    </Link>
  </EntryFrame>
)
