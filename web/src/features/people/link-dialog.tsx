import type { PersonInfo } from '../../../../src/http/dashboard/contract/admin.ts'
import { Button } from '../../components/ui/button.tsx'
import { Dialog } from '../../components/ui/dialog.tsx'
import { messageOf } from '../../lib/fetch-json.ts'
import { useLink } from './api.ts'
import { MadeLinkDialog } from './made-link-dialog.tsx'

/** Makes a link with which somebody sets a password: the first one, or one for another that was forgotten. */
export function LinkDialog({ person, onClose }: { person: PersonInfo; onClose: () => void }) {
  const link = useLink(person.id)
  if (link.data) {
    return (
      <MadeLinkDialog
        title={`A link for ${person.name}`}
        label="Link to set a password"
        link={link.data}
        onClose={onClose}
      />
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
