import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { RequestSummary } from '../../../src/http/dashboard/contract/requests.ts'
import { deleteRequest, removalKey } from '../lib/one-request.ts'
import { messageOf } from '../lib/fetch-json.ts'
import { takeFromLists } from '../lib/live-cache.ts'
import { ConfirmDialog } from './ui/confirm-dialog.tsx'
import { tell, tellError } from './ui/toaster.tsx'

export interface DeleteRequestDialogProps {
  request: RequestSummary
  open: boolean
  onClose: () => void
  onDeleted: () => void
}

/** Asks, and deletes a request with its images. */
export function DeleteRequestDialog({ request, open, onClose, onDeleted }: DeleteRequestDialogProps) {
  const client = useQueryClient()
  const remove = useMutation({
    mutationKey: removalKey(request.id),
    mutationFn: () => deleteRequest(request.id),
    onSuccess: () => {
      takeFromLists(client, request.id)
      tell('Deleted')
    },
    onError: (error) => tellError('It was not deleted', messageOf(error))
  })
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
