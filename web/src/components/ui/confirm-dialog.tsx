import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'

export interface ConfirmDialogProps {
  open: boolean
  onClose: () => void
  onConfirm: () => void
  title: string
  /** What will happen, and whether it can be undone. */
  description: ReactNode
  /** The verb, such as "Delete". */
  confirm: string
  /** What the other button says. */
  keep?: string
  busy?: boolean
}

/** Asks once more before something that cannot be undone. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { open, onClose, onConfirm, title, description, confirm, keep = 'Keep', busy } = props
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={title}
      description={description}
      actions={
        <>
          <Button onClick={onClose}>{keep}</Button>
          <Button look="danger" onClick={onConfirm} busy={busy ?? false}>
            {confirm}
          </Button>
        </>
      }
    />
  )
}
