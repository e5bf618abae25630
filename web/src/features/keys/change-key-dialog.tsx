import type { KeyInfo } from '../../../../src/http/dashboard/contract/keys.ts'
import { LimitsDialogFrame } from '../../components/limits/limits-dialog-frame.tsx'
import { limitsFormOf } from '../../components/limits/limits-form.ts'
import { useLimitsDraft } from '../../components/limits/use-limits-draft.ts'
import { tell } from '../../components/ui/toaster.tsx'
import { usePerson } from '../../lib/session.ts'
import { useChangeKey } from './api.ts'
import { type KeyChangeForm, type KeyLimitsErrors, readKeyChange } from './key-form.ts'
import { KeyLimitFields } from './key-limit-fields.tsx'
import { KeyDefaultsFields } from './key-defaults-fields.tsx'

/** What may be asked for with a key at most, and who sees what is made with it, after it was made. */
export function ChangeKeyDialog({ apiKey, onClose }: { apiKey: KeyInfo; onClose: () => void }) {
  const isAdmin = usePerson().role === 'admin'
  const { form, errors, setErrors, change } = useLimitsDraft<KeyChangeForm, KeyLimitsErrors>(() => ({
    ...limitsFormOf(apiKey.limits),
    rateLimit: apiKey.rateLimit === null ? '' : String(apiKey.rateLimit),
    visibility: apiKey.visibility ?? '',
    expiresIn: apiKey.expiresIn === null ? '' : String(apiKey.expiresIn)
  }))
  const save = useChangeKey(apiKey.id)
  const submit = () => {
    const read = readKeyChange(form, { leastRate: isAdmin || apiKey.rateLimit === 0 ? 0 : 1 })
    if ('errors' in read) setErrors(read.errors)
    else {
      save.mutate(read.change, {
        onSuccess: () => {
          tell(`Changed ${apiKey.name}`)
          onClose()
        }
      })
    }
  }
  return (
    <LimitsDialogFrame
      title={`Change ${apiKey.name}`}
      description="It counts from the next call on. The key itself stays the same."
      save={save}
      onSubmit={submit}
      onClose={onClose}
    >
      <div className="flex flex-col gap-5">
        <KeyLimitFields form={form} errors={errors} change={change} isAdmin={isAdmin} />
        <KeyDefaultsFields form={form} errors={{}} change={change} />
      </div>
    </LimitsDialogFrame>
  )
}
