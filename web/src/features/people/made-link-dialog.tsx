import type { CreatedInvitation } from '../../../../src/http/dashboard/contract/session.ts'
import { Button } from '../../components/ui/button.tsx'
import { CopyLine } from '../../components/ui/copy-line.tsx'
import { Dialog } from '../../components/ui/dialog.tsx'
import { formatDateTime } from '../../lib/format.ts'
import { isLoopback } from '../../lib/loopback.ts'

export interface MadeLinkDialogProps {
  title: string
  label: string
  link: CreatedInvitation
  onClose: () => void
}

/** The only time a link with a secret is shown. */
export const MadeLinkDialog = ({ title, label, link, onClose }: MadeLinkDialogProps) => (
  <Dialog
    open
    onClose={onClose}
    title={title}
    description="Send this link to them. It is shown only now."
    actions={
      <Button look="primary" onClick={onClose}>
        Done
      </Button>
    }
  >
    <CopyLine label={label} text={link.url} prominent hint={`Works once, until ${formatDateTime(link.expiresAt)}.`} />
    {isLoopback(link.url) && (
      <p className="text-warn">
        This link works on this computer alone. For somebody elsewhere, open the dashboard at the address they reach it
        at, and make another.
      </p>
    )}
  </Dialog>
)
