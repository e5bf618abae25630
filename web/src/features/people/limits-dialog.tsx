import type { PersonInfo } from '../../../../src/http/dashboard/contract/admin.ts'
import { LimitFields } from '../../components/limits/limit-fields.tsx'
import { LimitsDialogFrame } from '../../components/limits/limits-dialog-frame.tsx'
import {
  type LimitsForm,
  type LimitsFormErrors,
  limitsFormOf,
  readLimits
} from '../../components/limits/limits-form.ts'
import { useLimitsDraft } from '../../components/limits/use-limits-draft.ts'
import { tell } from '../../components/ui/toaster.tsx'
import { useChangePerson } from './api.ts'

/** What somebody may have at most, whichever key they use. */
export function LimitsDialog({ person, onClose }: { person: PersonInfo; onClose: () => void }) {
  const { form, errors, setErrors, change } = useLimitsDraft<LimitsForm, LimitsFormErrors>(() =>
    limitsFormOf(person.limits)
  )
  const save = useChangePerson(person.id)
  const submit = () => {
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
    <LimitsDialogFrame
      title={`Limits of ${person.name}`}
      description="They hold for everything this person asks for, here and with keys. Days and months are those of UTC."
      save={save}
      onSubmit={submit}
      onClose={onClose}
    >
      <LimitFields form={form} errors={errors} change={change} hint="Leave empty for none." />
    </LimitsDialogFrame>
  )
}
