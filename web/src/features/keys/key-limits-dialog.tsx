import type { KeyInfo } from '../../../../src/http/dashboard/contract/keys.ts'
import { LimitsDialogFrame } from '../../components/limits/limits-dialog-frame.tsx'
import { limitsFormOf } from '../../components/limits/limits-form.ts'
import { useLimitsDraft } from '../../components/limits/use-limits-draft.ts'
import { tell } from '../../components/ui/toaster.tsx'
import { usePerson } from '../../lib/session.ts'
import { useChangeKey } from './api.ts'
import { type KeyLimitsErrors, type KeyLimitsForm, readKeyLimits } from './key-form.ts'
import { KeyLimitFields } from './key-limit-fields.tsx'

/** What may be asked for with a key at most, after it was made. */
export function KeyLimitsDialog({ apiKey, onClose }: { apiKey: KeyInfo; onClose: () => void }) {
  const isAdmin = usePerson().role === 'admin'
  const { form, errors, setErrors, change } = useLimitsDraft<KeyLimitsForm, KeyLimitsErrors>(() => ({
    ...limitsFormOf(apiKey.limits),
    rateLimit: apiKey.rateLimit === null ? '' : String(apiKey.rateLimit)
  }))
  const save = useChangeKey(apiKey.id)
  const submit = () => {
    const read = readKeyLimits(form, { leastRate: isAdmin || apiKey.rateLimit === 0 ? 0 : 1 })
    if ('errors' in read) setErrors(read.errors)
    else {
      save.mutate(read.change, {
        onSuccess: () => {
          tell(`Changed the limits of ${apiKey.name}`)
          onClose()
        }
      })
    }
  }
  return (
    <LimitsDialogFrame
      title={`Limits of ${apiKey.name}`}
      description="They count from the next call on. The key itself stays the same."
      save={save}
      onSubmit={submit}
      onClose={onClose}
    >
      <KeyLimitFields form={form} errors={errors} change={change} isAdmin={isAdmin} />
    </LimitsDialogFrame>
  )
}
