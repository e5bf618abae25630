import { Ban, KeyRound, UserPlus } from 'lucide-react'
import type { Invitation } from '../../../../src/http/dashboard/contract/session.ts'
import { Badge } from '../../components/ui/badge.tsx'
import { Button } from '../../components/ui/button.tsx'
import { RelativeTime } from '../../components/ui/relative-time.tsx'
import { formatDateTime } from '../../lib/format.ts'
import { invitationTitle } from './invitation-words.ts'

const ENDED = {
  used: { label: 'Used', look: 'good' },
  expired: { label: 'Expired', look: 'plain' },
  revoked: { label: 'Revoked', look: 'plain' }
} as const

export function InvitationRow({ invitation, onRevoke }: { invitation: Invitation; onRevoke: () => void }) {
  const { kind, state, role } = invitation
  const Icon = kind === 'claim' ? KeyRound : UserPlus
  const title = invitationTitle(invitation)
  return (
    <li className="flex items-center gap-3 px-4 py-3 sm:gap-4">
      <span
        aria-hidden
        className="flex size-9 shrink-0 items-center justify-center rounded-full bg-hover text-muted max-sm:hidden"
      >
        <Icon className="size-4" />
      </span>
      <div className="flex min-w-0 flex-1 flex-col gap-0.5">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span className="font-medium [overflow-wrap:anywhere]">{title}</span>
          <Badge look={role === 'admin' ? 'accent' : 'plain'}>{role === 'admin' ? 'Admin' : 'Member'}</Badge>
          {state !== 'open' && <Badge look={ENDED[state].look}>{ENDED[state].label}</Badge>}
        </p>
        <Story invitation={invitation} />
      </div>
      {state === 'open' && (
        <Button
          look="ghost"
          size="small"
          icon={Ban}
          className="hover:text-bad"
          onClick={onRevoke}
          aria-label={`Revoke: ${title}`}
        >
          Revoke
        </Button>
      )}
    </li>
  )
}

/** Who made it when, and how it ended or will. */
function Story({ invitation }: { invitation: Invitation }) {
  const { invitedBy, createdAt, expiresAt, state, usedAt, usedBy } = invitation
  return (
    <p className="text-[13px] text-muted">
      {invitedBy === null ? 'Made on the command line of the server' : `By ${invitedBy}`}{' '}
      <RelativeTime at={createdAt} />
      {state === 'open' && ` · works until ${formatDateTime(expiresAt)}`}
      {state === 'used' && usedAt !== null && (
        <>
          {' · used '}
          {usedBy !== null && `by ${usedBy} `}
          <RelativeTime at={usedAt} />
        </>
      )}
    </p>
  )
}
