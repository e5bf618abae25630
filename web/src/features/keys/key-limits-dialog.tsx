import { type FormEvent, useState } from 'react'
import type { KeyInfo } from '../../../../src/http/dashboard/contract/keys.ts'
import { CountField } from '../../components/limits/count-field.tsx'
import { LimitFields } from '../../components/limits/limit-fields.tsx'
import { limitsFormOf } from '../../components/limits/limits-form.ts'
import { Button } from '../../components/ui/button.tsx'
import { Dialog } from '../../components/ui/dialog.tsx'
import { tell } from '../../components/ui/toaster.tsx'
import { messageOf } from '../../lib/fetch-json.ts'
import { usePerson } from '../../lib/session.ts'
import { useChangeKey } from './api.ts'
import { type KeyLimitsErrors, type KeyLimitsForm, readKeyLimits } from './key-form.ts'

const FORM_ID = 'key-limits'

/** What may be asked for with a key at most, after it was made. */
export function KeyLimitsDialog({ apiKey, onClose }: { apiKey: KeyInfo; onClose: () => void }) {
  const isAdmin = usePerson().role === 'admin'
  const [form, setForm] = useState<KeyLimitsForm>(() => ({
    ...limitsFormOf(apiKey.limits),
    rateLimit: apiKey.rateLimit === null ? '' : String(apiKey.rateLimit)
  }))
  const [errors, setErrors] = useState<KeyLimitsErrors>({})
  const save = useChangeKey(apiKey.id)
  const change = (part: Partial<KeyLimitsForm>) => {
    setForm((before) => ({ ...before, ...part }))
    setErrors({})
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
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
    <Dialog
      open
      wide
      onClose={onClose}
      title={`Limits of ${apiKey.name}`}
      description="They count from the next call on. The key itself stays the same."
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
        <LimitFields
          form={form}
          errors={errors}
          change={change}
          hint="Leave empty for none. Your own limits hold as well."
        >
          <CountField
            label="Calls a minute"
            value={form.rateLimit}
            error={errors.rateLimit}
            placeholder="As configured"
            hint={isAdmin ? '0 lifts the limit.' : undefined}
            onChange={(rateLimit) => change({ rateLimit })}
          />
        </LimitFields>
      </form>
      {save.isError && (
        <p role="alert" className="rounded-lg bg-bad-soft px-3 py-2 text-bad">
          {messageOf(save.error)}
        </p>
      )}
    </Dialog>
  )
}
