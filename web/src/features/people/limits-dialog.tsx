import { type FormEvent, useState } from 'react'
import type { PersonInfo } from '../../../../src/http/dashboard/contract/admin.ts'
import { LimitFields } from '../../components/limits/limit-fields.tsx'
import {
  type LimitsForm,
  type LimitsFormErrors,
  limitsFormOf,
  readLimits
} from '../../components/limits/limits-form.ts'
import { Button } from '../../components/ui/button.tsx'
import { Dialog } from '../../components/ui/dialog.tsx'
import { tell } from '../../components/ui/toaster.tsx'
import { messageOf } from '../../lib/fetch-json.ts'
import { useChangePerson } from './api.ts'

const FORM_ID = 'limits'

/** What somebody may have at most, whichever key they use. */
export function LimitsDialog({ person, onClose }: { person: PersonInfo; onClose: () => void }) {
  const [form, setForm] = useState<LimitsForm>(() => limitsFormOf(person.limits))
  const [errors, setErrors] = useState<LimitsFormErrors>({})
  const save = useChangePerson(person.id)
  const change = (part: Partial<LimitsForm>) => {
    setForm((before) => ({ ...before, ...part }))
    setErrors({})
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const read = readLimits(form)
    setErrors(read.errors)
    if (Object.keys(read.errors).length > 0) return
    save.mutate(
      { limits: read.limits },
      {
        onSuccess: () => {
          tell(`Changed the limits of ${person.name}`)
          onClose()
        }
      }
    )
  }
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={`Limits of ${person.name}`}
      description="They hold for everything this person asks for, here and with keys. Days and months are those of UTC."
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" form={FORM_ID} busy={save.isPending}>
            Save
          </Button>
        </>
      }
    >
      <form id={FORM_ID} noValidate onSubmit={submit} className="pt-1">
        <LimitFields form={form} errors={errors} change={change} hint="Leave empty for none." />
      </form>
      {save.isError && (
        <p role="alert" className="rounded-lg bg-bad-soft px-3 py-2 text-bad">
          {messageOf(save.error)}
        </p>
      )}
    </Dialog>
  )
}
