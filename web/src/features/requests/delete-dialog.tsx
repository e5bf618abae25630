import type { RequestSummary } from '../../../../src/http/dashboard/contract/requests.ts'
import { ConfirmDialog } from '../../components/ui/confirm-dialog.tsx'
import { useRequestActions } from './use-request-actions.ts'

export interface DeleteDialogProps {
  request: RequestSummary
  open: boolean
  onClose: () => void
  onDeleted: () => void
}

export function DeleteDialog({ request, open, onClose, onDeleted }: DeleteDialogProps) {
  const { remove } = useRequestActions(request.id)
  const { length: images } = request.images
  const confirm = () =>
    remove.mutate(undefined, {
      onSuccess: () => {
        onClose()
        onDeleted()
      }
    })
  return (
    <ConfirmDialog
      open={open}
      onClose={onClose}
      onConfirm={confirm}
      busy={remove.isPending}
      title="Delete this request?"
      confirm="Delete"
      description={
        <>
          <span className="line-clamp-2 text-text">{request.prompt || 'A variation'}</span>
          <span className="mt-2 block">
            {images === 0 ? 'Its record goes' : images === 1 ? 'Its image goes' : `Its ${images} images go`} for good,
            links to it stop working. This cannot be undone.
          </span>
        </>
      }
    />
  )
}
