import { type FormEvent, type ReactNode, useId } from 'react'
import { messageOf } from '../../lib/fetch-json.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'

export interface LimitsDialogFrameProps {
  title: string
  description: string
  /** What saves them, as it stands. */
  save: { isPending: boolean; isError: boolean; error: unknown }
  onSubmit: () => void
  onClose: () => void
  /** The fields. */
  children: ReactNode
}

/** A dialog in which limits are changed, with what went wrong when they were saved. */
export function LimitsDialogFrame({ title, description, save, onSubmit, onClose, children }: LimitsDialogFrameProps) {
  const formId = useId()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onSubmit()
  }
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={title}
      description={description}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" form={formId} busy={save.isPending}>
            Save
          </Button>
        </>
      }
    >
      <form id={formId} noValidate onSubmit={submit} className="pt-1">
        {children}
      </form>
      {save.isError && (
        <p role="alert" className="rounded-lg bg-bad-soft px-3 py-2 text-bad">
          {messageOf(save.error)}
        </p>
      )}
    </Dialog>
  )
}
