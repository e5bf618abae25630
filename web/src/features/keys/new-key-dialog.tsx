import { type FormEvent, useState } from 'react'
import type { CreatedKey } from '../../../../src/http/dashboard/contract/keys.ts'
import { Button } from '../../components/ui/button.tsx'
import { Dialog } from '../../components/ui/dialog.tsx'
import { Field, TextInput } from '../../components/ui/field.tsx'
import { Select } from '../../components/ui/select.tsx'
import { ApiError, messageOf } from '../../lib/fetch-json.ts'
import { useCreateKey } from '../../lib/keys.ts'
import { usePerson } from '../../lib/session.ts'
import { ExpiryFields } from './expiry-fields.tsx'
import { EMPTY_KEY_FORM, fieldOf, type KeyForm, type KeyFormErrors, readKeyForm } from './key-form.ts'
import { RESPONSE_FORMATS } from './key-words.ts'
import { FoldedLimits } from './folded-limits.tsx'
import { KeyDefaultsFields } from './key-defaults-fields.tsx'
import { ScopeFields } from './scope-fields.tsx'

const FORM_ID = 'new-key'

export function NewKeyDialog({ onClose, onCreated }: { onClose: () => void; onCreated: (key: CreatedKey) => void }) {
  const isAdmin = usePerson().role === 'admin'
  const [form, setForm] = useState<KeyForm>(EMPTY_KEY_FORM)
  const [errors, setErrors] = useState<KeyFormErrors>({})
  const create = useCreateKey()

  const change = (part: Partial<KeyForm>) => {
    setForm((before) => ({ ...before, ...part }))
    setErrors((before) => ({ ...before, ...Object.fromEntries(Object.keys(part).map((field) => [field, undefined])) }))
  }
  const showError = (error: unknown) => {
    const field = error instanceof ApiError ? fieldOf(error.param) : undefined
    if (field) setErrors({ [field]: messageOf(error) })
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const read = readKeyForm(form, { now: Date.now(), isAdmin })
    if ('errors' in read) setErrors(read.errors)
    else create.mutate(read.key, { onSuccess: onCreated, onError: showError })
  }
  const part = { form, errors: withoutEmpty(errors), change }
  const elsewhere = create.isError && Object.keys(part.errors).length === 0

  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title="New key"
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" form={FORM_ID} busy={create.isPending}>
            Create key
          </Button>
        </>
      }
    >
      <form id={FORM_ID} noValidate onSubmit={submit} className="flex flex-col gap-6 pt-2">
        <div className="grid gap-x-4 gap-y-5 sm:grid-cols-2">
          <Field label="Name" error={part.errors.name} hint="What it is for, such as “laptop” or “photo shop”.">
            <TextInput
              value={form.name}
              onChange={(event) => change({ name: event.target.value })}
              autoFocus
              maxLength={100}
              autoComplete="off"
            />
          </Field>
          <ExpiryFields {...part} />
        </div>
        <ScopeFields {...part} isAdmin={isAdmin} />
        <FoldedLimits {...part} isAdmin={isAdmin} />
        <Field
          label="Answers hold"
          error={part.errors.responseFormat}
          hint={RESPONSE_FORMATS.find(({ value }) => value === form.responseFormat)?.detail}
          className="sm:max-w-[calc(50%-0.5rem)]"
        >
          <Select
            value={form.responseFormat}
            options={RESPONSE_FORMATS}
            onChange={(responseFormat) => change({ responseFormat })}
          />
        </Field>
        <KeyDefaultsFields {...part} />
        {elsewhere && (
          <p role="alert" className="rounded-lg bg-bad-soft px-3 py-2 text-bad">
            {messageOf(create.error)}
          </p>
        )}
      </form>
    </Dialog>
  )
}

const withoutEmpty = (errors: KeyFormErrors): KeyFormErrors =>
  Object.fromEntries(Object.entries(errors).filter(([, message]) => message !== undefined))
