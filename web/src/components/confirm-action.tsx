import type { UseMutationResult } from '@tanstack/react-query'
import { messageOf } from '../lib/fetch-json.ts'
import { ConfirmDialog, type ConfirmDialogProps } from './ui/confirm-dialog.tsx'
import { tell, tellError } from './ui/toaster.tsx'

export interface ConfirmActionProps<Variables> extends Pick<
  ConfirmDialogProps,
  'onClose' | 'title' | 'description' | 'confirm' | 'keep'
> {
  action: Pick<UseMutationResult<unknown, Error, Variables>, 'mutate' | 'isPending'>
  /** What it is done with. */
  variables: Variables
  /** Told when it is done. */
  done: string
  /** Told when it is not, with the reason below. */
  failed: string
  onDone?: () => void
}

/** Asks once more, then does it, tells how it went and closes. */
export function ConfirmAction<Variables>(props: ConfirmActionProps<Variables>) {
  const { action, variables, done, failed, onDone, onClose, ...dialog } = props
  const confirm = () =>
    action.mutate(variables, {
      onSuccess: () => {
        tell(done)
        onDone?.()
      },
      onError: (error) => tellError(failed, messageOf(error)),
      onSettled: onClose
    })
  return <ConfirmDialog {...dialog} open onClose={onClose} onConfirm={confirm} busy={action.isPending} />
}
