import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Button } from '../../components/ui/button.tsx'
import { Dialog } from '../../components/ui/dialog.tsx'
import { Field, TextInput } from '../../components/ui/field.tsx'
import { Notice } from '../../components/ui/notice.tsx'
import { basePath } from '../../lib/base-path.ts'
import { messageOf } from '../../lib/fetch-json.ts'
import { deleteAccount } from './api.ts'

const FORM_ID = 'delete-account'
const GONE = [
  'your requests with all images, prompts and uploads',
  'your API keys: programs that use them are refused',
  'your GPUs here: their agents are cut off',
  'your sign-ins, everywhere'
]

/** The page is loaded anew afterwards, so that nothing of this person stays in memory. */
export function DeleteAccountDialog({ email, onClose }: { email: string; onClose: () => void }) {
  const [typed, setTyped] = useState('')
  const remove = useMutation({
    mutationFn: deleteAccount,
    onSuccess: () => location.assign(`${basePath}/sign-in?deleted=true`)
  })
  const isRight = typed.trim().toLowerCase() === email.toLowerCase()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (isRight) remove.mutate(typed.trim())
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title="Delete your account?"
      description="This cannot be undone."
      actions={
        <>
          <Button onClick={onClose}>Keep my account</Button>
          <Button
            look="danger"
            type="submit"
            form={FORM_ID}
            disabled={!isRight}
            busy={remove.isPending || remove.isSuccess}
          >
            Delete my account
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-1">
        <h3 className="font-medium">What goes</h3>
        <ul className="list-disc pl-5 text-muted">
          {GONE.map((what) => (
            <li key={what}>{what}</li>
          ))}
        </ul>
      </div>
      <div className="flex flex-col gap-1">
        <h3 className="font-medium">What stays</h3>
        <p className="text-muted">Usage numbers, without your name.</p>
      </div>
      <form id={FORM_ID} noValidate onSubmit={submit} className="flex flex-col gap-4">
        <Field
          label={
            <>
              Type <span className="font-semibold text-text select-all">{email}</span> to confirm
            </>
          }
        >
          <TextInput
            type="email"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
          />
        </Field>
        {remove.isError && <Notice look="bad">{messageOf(remove.error)}</Notice>}
      </form>
    </Dialog>
  )
}
