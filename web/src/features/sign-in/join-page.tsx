import { useQuery } from '@tanstack/react-query'
import { Link, useLocation } from '@tanstack/react-router'
import { buttonClass } from '../../components/ui/button.tsx'
import { ErrorState, Skeleton } from '../../components/ui/states.tsx'
import { useSession } from '../../lib/session.ts'
import { invitationQuery, isUseless } from './api.ts'
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
  if (isUseless(error)) return <Useless why={error.message} />
  return (
    <EntryFrame title="Join" description={error ? undefined : 'Looking at your link.'}>
      {error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <Skeleton className="h-80" />}
    </EntryFrame>
  )
}

/** A link that is used, expired, revoked or broken: what its reader can do now. */
function Useless({ why }: { why: string }) {
  const person = useSession().data?.person
  return (
    <EntryFrame title="This link does not work" tab="Join" description={why}>
      {person ? (
        <>
          <p className="text-muted">You are signed in as {person.name}, and need no link.</p>
          <Link to="/" className={buttonClass('primary', 'large')}>
            Go on
          </Link>
        </>
      ) : (
        <>
          <p className="text-muted">
            Have you used it already? Then you have an account: sign in with your e-mail address.
          </p>
          <Link to="/sign-in" className={buttonClass('primary', 'large')}>
            Sign in
          </Link>
          <p className="text-muted">
            If not, or if you forgot your password, write to the person who sent you the link. Every admin can make you
            a new one in a moment, on the page “People”.
          </p>
          <p className="text-[13px] text-faint">
            Do you run this server yourself? There,{' '}
            <code className="rounded bg-sunken px-1 py-0.5 font-mono text-xs whitespace-nowrap">
              bin/inference-club users link &lt;e-mail&gt;
            </code>{' '}
            prints a new link.
          </p>
        </>
      )}
    </EntryFrame>
  )
}
