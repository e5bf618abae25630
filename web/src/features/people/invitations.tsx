import { useQuery } from '@tanstack/react-query'
import { MailOpen } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { Invitation } from '../../../../src/http/dashboard/contract/session.ts'
import { ConfirmAction } from '../../components/confirm-action.tsx'
import { Disclosure } from '../../components/ui/disclosure.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../components/ui/states.tsx'
import { formatNumber } from '../../lib/format.ts'
import { invitationsQuery, useRevokeInvitation } from './api.ts'
import { InvitationRow } from './invitation-row.tsx'

/** The links that can still be used, and on demand those that cannot. */
export function Invitations({ action }: { action: ReactNode }) {
  const { data, error, refetch } = useQuery(invitationsQuery)
  const [showEnded, setShowEnded] = useState(false)
  const [revoking, setRevoking] = useState<Invitation>()
  if (error && !data) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!data) return <Skeleton className="h-48 rounded-2xl" />
  const open = data.filter(({ state }) => state === 'open')
  const ended = data.filter(({ state }) => state !== 'open')
  return (
    <section className="flex flex-col gap-3">
      <h2 className="font-medium">Open invitations</h2>
      {open.length > 0 ? (
        <InvitationList invitations={open} onRevoke={setRevoking} />
      ) : (
        <EmptyState icon={MailOpen} title="No invitation is open" action={action}>
          Make a link and send it to whom you want here. It works once.
        </EmptyState>
      )}
      {ended.length > 0 && (
        <Disclosure
          title={`Ended invitations (${formatNumber(ended.length)})`}
          summary="used, expired or revoked"
          open={showEnded}
          onToggle={setShowEnded}
        >
          <InvitationList invitations={ended} onRevoke={setRevoking} />
        </Disclosure>
      )}
      {revoking && <RevokeDialog invitation={revoking} onClose={() => setRevoking(undefined)} />}
    </section>
  )
}

function InvitationList(props: { invitations: readonly Invitation[]; onRevoke: (invitation: Invitation) => void }) {
  return (
    <ul className="flex flex-col divide-y divide-line rounded-2xl border border-line bg-surface shadow-card">
      {props.invitations.map((invitation) => (
        <InvitationRow key={invitation.id} invitation={invitation} onRevoke={() => props.onRevoke(invitation)} />
      ))}
    </ul>
  )
}

function RevokeDialog({ invitation, onClose }: { invitation: Invitation; onClose: () => void }) {
  return (
    <ConfirmAction
      action={useRevokeInvitation()}
      variables={invitation.id}
      done="The link does not work any more"
      failed="The invitation was not revoked"
      onClose={onClose}
      title="Revoke this invitation?"
      description="Its link stops working at once. You can make another one at any time."
      confirm="Revoke"
    />
  )
}
