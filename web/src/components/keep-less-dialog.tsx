import { ApiError } from '../lib/fetch-json.ts'
import { ConfirmDialog } from './ui/confirm-dialog.tsx'

/** What a change deletes, as the server counted it, where it wants to hear that it is meant; undefined of other errors. */
export const wouldDelete = (error: unknown): string | undefined =>
  error instanceof ApiError && error.param === 'mayDelete' ? error.message : undefined

export interface KeepLessDialogProps {
  /** What goes; the dialog is there while there is something to say. */
  words: string | undefined
  busy: boolean
  onConfirm: () => void
  onClose: () => void
}

/** Asks before less is kept than before, with how much goes at once. */
export const KeepLessDialog = ({ words, busy, onConfirm, onClose }: KeepLessDialogProps) => (
  <ConfirmDialog
    open={words !== undefined}
    onClose={onClose}
    onConfirm={onConfirm}
    busy={busy}
    title="Keep less than before?"
    description={
      <>
        <span className="block text-text">{words}</span>
        <span className="mt-2 block">Nothing has been changed yet. What is deleted cannot be brought back.</span>
      </>
    }
    confirm="Keep less"
    keep="Cancel"
  />
)
