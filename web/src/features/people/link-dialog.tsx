import type { PersonInfo } from '../../../../src/http/dashboard/contract/admin.ts'
import { Button } from '../../components/ui/button.tsx'
import { CopyLine } from '../../components/ui/copy-line.tsx'
import { Dialog } from '../../components/ui/dialog.tsx'
import { messageOf } from '../../lib/fetch-json.ts'
import { formatDateTime } from '../../lib/format.ts'
import { useLink } from './api.ts'

/** Makes a link with which somebody sets a password: the first one, or one for another that was forgotten. */
export function LinkDialog({ person, onClose }: { person: PersonInfo; onClose: () => void }) {
  const link = useLink(person.id)
  if (link.data) {
    return (
      <Dialog
        open
        onClose={onClose}
        title={`A link for ${person.name}`}
        description="Send it to them. It is shown only now."
        actions={
          <Button look="primary" onClick={onClose}>
            Done
          </Button>
        }
      >
        <CopyLine
          label="Link to set a password"
          text={link.data.url}
          prominent
          hint={`Works once, until ${formatDateTime(link.data.expiresAt)}.`}
        />
      </Dialog>
    )
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Make a link for ${person.name}?`}
      description="Whoever has it sets a new password for this account and is signed in; everywhere else they have to sign in again. Keys and images stay. An older link stops working."
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" busy={link.isPending} onClick={() => link.mutate()}>
            Make a link
          </Button>
        </>
      }
    >
      {link.isError && (
        <p role="alert" className="rounded-lg bg-bad-soft px-3 py-2 text-bad">
          {messageOf(link.error)}
        </p>
      )}
    </Dialog>
  )
}
