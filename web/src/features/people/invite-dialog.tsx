import { type FormEvent, useState } from 'react'
import type { Role } from '../../../../src/http/dashboard/contract/session.ts'
import { Button } from '../../components/ui/button.tsx'
import { Dialog } from '../../components/ui/dialog.tsx'
import { Field, TextInput } from '../../components/ui/field.tsx'
import { Segmented } from '../../components/ui/segmented.tsx'
import { messageOf } from '../../lib/fetch-json.ts'
import { useInvite } from './api.ts'
import { MadeLinkDialog } from './made-link-dialog.tsx'

const FORM_ID = 'invite'
const ROLES: Record<Role, { label: string; detail: string }> = {
  member: { label: 'Member', detail: 'Makes images, connects agents, and sees what is their own.' },
  admin: { label: 'Admin', detail: 'Also sees what everybody makes, and invites people.' }
}

/** Asks who may join, then shows the link, once. */
export function InviteDialog({ onClose }: { onClose: () => void }) {
  const invite = useInvite()
  if (invite.data) {
    return (
      <MadeLinkDialog title="The invitation is ready" label="Invitation link" link={invite.data} onClose={onClose} />
    )
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title="Invite somebody"
      description="Makes a link that you send to them. Nothing is mailed."
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" form={FORM_ID} busy={invite.isPending}>
            Make a link
          </Button>
        </>
      }
    >
      <InviteForm
        error={invite.isError ? messageOf(invite.error) : undefined}
        onSubmit={(invitation) => invite.mutate(invitation)}
      />
    </Dialog>
  )
}

interface InviteFormProps {
  error: string | undefined
  onSubmit: (invitation: { email: string | null; role: Role }) => void
}

function InviteForm({ error, onSubmit }: InviteFormProps) {
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<Role>('member')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onSubmit({ email: email.trim() || null, role })
  }
  return (
    <form id={FORM_ID} noValidate onSubmit={submit} className="flex flex-col gap-5 pt-1">
      <Field
        label="E-mail (optional)"
        error={error}
        hint="Then only somebody with this address can use the link; empty: whoever has it."
      >
        <TextInput
          type="email"
          autoComplete="off"
          value={email}
          onChange={(event) => setEmail(event.target.value)}
          autoFocus
        />
      </Field>
      <div className="flex flex-col gap-1.5">
        <span className="text-[13px] font-medium text-muted">Role</span>
        <Segmented
          label="Role"
          value={role}
          options={(['member', 'admin'] as const).map((value) => ({ value, label: ROLES[value].label }))}
          onChange={setRole}
        />
        <span className="text-xs text-faint">{ROLES[role].detail}</span>
      </div>
    </form>
  )
}
