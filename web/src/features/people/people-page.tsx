import { UserPlus } from 'lucide-react'
import { Button } from '../../components/ui/button.tsx'
import { Page } from '../../components/ui/page.tsx'
import { useDialogInAddress } from '../../lib/use-dialog-in-address.ts'
import { Invitations } from './invitations.tsx'
import { InviteDialog } from './invite-dialog.tsx'
import { Members } from './members.tsx'

export function PeoplePage() {
  const inviting = useDialogInAddress('invite')
  const invite = (
    <Button look="primary" icon={UserPlus} onClick={inviting.open}>
      Invite
    </Button>
  )
  return (
    <Page title="People" description="Whoever has an invitation link can join, once." actions={invite}>
      <Members />
      <Invitations action={invite} />
      {inviting.isOpen && <InviteDialog onClose={inviting.close} />}
    </Page>
  )
}
