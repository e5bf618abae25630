import { UserPlus } from 'lucide-react'
import { useState } from 'react'
import { Button } from '../../components/ui/button.tsx'
import { Page } from '../../components/ui/page.tsx'
import { Invitations } from './invitations.tsx'
import { InviteDialog } from './invite-dialog.tsx'
import { Members } from './members.tsx'

export function PeoplePage() {
  const [inviting, setInviting] = useState(false)
  const invite = (
    <Button look="primary" icon={UserPlus} onClick={() => setInviting(true)}>
      Invite
    </Button>
  )
  return (
    <Page title="People" description="Whoever has an invitation link can join, once." actions={invite}>
      <Members />
      <Invitations action={invite} />
      {inviting && <InviteDialog onClose={() => setInviting(false)} />}
    </Page>
  )
}
