import { type FormEvent, useState } from 'react'
import { Field, TextInput } from '../../components/ui/field.tsx'
import { PasswordInput } from '../../components/ui/password-input.tsx'
import { Select, type SelectOption } from '../../components/ui/select.tsx'
import { ENGINES } from '../../../../src/engines/engine-descriptions.ts'
import {
  checkMachine,
  FIND_OUT,
  type MachineErrors,
  type MachineForm,
  questionsOf,
  withEngine
} from './connect-command.ts'
import { SharingFields } from './sharing-fields.tsx'

const CHOICES: readonly SelectOption<string>[] = [
  {
    value: FIND_OUT,
    label: 'Whatever is found there',
    detail: 'The command looks for image servers at their usual ports, and for their models'
  },
  ...ENGINES.map(({ name, title, detail }) => ({ value: name, label: title, detail }))
]

const FOUND_BY_AGENT: SelectOption<string> = {
  value: '',
  label: 'The agent finds out',
  detail: 'By what the server answers; behind a proxy it may have to be said'
}

const EDITS: readonly SelectOption<MachineForm['edits']>[] = [
  { value: 'none', label: 'No, only new images' },
  {
    value: 'white-edit',
    label: 'Yes, what is white in a mask',
    detail: 'As stable-diffusion.cpp, LocalAI and Lemonade do'
  },
  { value: 'openai-alpha', label: 'Yes, what is transparent in a mask', detail: 'As OpenAI does' }
]

export interface MachineFieldsProps {
  formId: string
  machine: MachineForm
  onChange: (part: Partial<MachineForm>) => void
  /** Nothing is wrong with the entries. */
  onSubmit: () => void
}

export function MachineFields({ formId, machine, onChange, onSubmit }: MachineFieldsProps) {
  const [errors, setErrors] = useState<MachineErrors>({})
  const change = (part: Partial<MachineForm>) => {
    setErrors({})
    onChange(part)
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const found = checkMachine(machine)
    setErrors(found)
    if (Object.keys(found).length === 0) onSubmit()
  }
  return (
    <form id={formId} noValidate onSubmit={submit} className="grid gap-x-4 gap-y-5 pt-1 sm:grid-cols-2">
      <Field label="Name of the machine" error={errors.name} hint="Such as “home-rig”. Each of yours has its own.">
        <TextInput
          value={machine.name}
          maxLength={100}
          autoComplete="off"
          autoFocus
          onChange={(event) => change({ name: event.target.value })}
        />
      </Field>
      <Field label="What runs on it">
        <Select value={machine.engine} options={CHOICES} onChange={(engine) => change(withEngine(machine, engine))} />
      </Field>
      {questionsOf(machine).url && <ServerFields machine={machine} errors={errors} change={change} />}
      <SharingFields machine={machine} errors={errors} change={change} />
    </form>
  )
}

interface ServerFieldsProps {
  machine: MachineForm
  errors: MachineErrors
  change: (part: Partial<MachineForm>) => void
}

const ServerFields = ({ machine, errors, change }: ServerFieldsProps) => (
  <>
    <Field
      label="Address of the server"
      error={errors.url}
      hint="As that machine reaches it; with http://user:password@ in front if it asks for a password. Nobody else learns it."
    >
      <TextInput
        type="url"
        value={machine.url}
        autoComplete="off"
        onChange={(event) => change({ url: event.target.value })}
      />
    </Field>
    <Field label="Model" error={errors.model} hint="As the server calls it. More can be added to the file.">
      <TextInput
        value={machine.model}
        autoComplete="off"
        placeholder="flux1-schnell"
        onChange={(event) => change({ model: event.target.value })}
      />
    </Field>
    {questionsOf(machine).serverKey && (
      <Field
        label="Key of the server"
        error={errors.serverKey}
        hint="If it asks for one. It goes into a file on that machine and nowhere else."
      >
        <PasswordInput
          name="server-key"
          what="key"
          className=""
          value={machine.serverKey}
          maxLength={1000}
          autoComplete="off"
          onChange={(event) => change({ serverKey: event.target.value })}
        />
      </Field>
    )}
    {questionsOf(machine).profiles.length > 0 && (
      <Field label="Which server is it?" hint="Such servers differ in masks, edits and names of fields.">
        <Select
          value={machine.profile}
          options={[FOUND_BY_AGENT, ...questionsOf(machine).profiles]}
          onChange={(profile) => change({ profile })}
        />
      </Field>
    )}
    {questionsOf(machine).edits && (
      <Field label="Does it change images?">
        <Select value={machine.edits} options={EDITS} onChange={(edits) => change({ edits })} />
      </Field>
    )}
  </>
)
