import { useState } from 'react'
import type { AccountInfo } from '../../../../src/http/dashboard/contract/account.ts'
import { Button } from '../../components/ui/button.tsx'
import { DeleteAccountDialog } from './delete-account-dialog.tsx'
import { Section } from './section.tsx'

export function DeleteSection({ account }: { account: AccountInfo }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <Section title="Delete account" description="With all that you have here. This cannot be undone.">
      <Button look="danger" className="self-start" onClick={() => setOpen(true)}>
        Delete my account
      </Button>
      {isOpen && <DeleteAccountDialog email={account.email} onClose={() => setOpen(false)} />}
    </Section>
  )
}
