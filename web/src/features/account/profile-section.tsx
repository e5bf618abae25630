import { type FormEvent, useState } from 'react'
import type { AccountInfo } from '../../../../src/http/dashboard/contract/account.ts'
import { Button } from '../../components/ui/button.tsx'
import { Field, TextInput } from '../../components/ui/field.tsx'
import { tell } from '../../components/ui/toaster.tsx'
import { messageOf } from '../../lib/fetch-json.ts'
import { formatDay } from '../../lib/format.ts'
import { useRename } from './api.ts'
import { Section } from './section.tsx'

export function ProfileSection({ account }: { account: AccountInfo }) {
  const [name, setName] = useState(account.name)
  const rename = useRename()
  const typed = name.trim()
  const isChanged = typed !== account.name
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (isChanged) rename.mutate(typed, { onSuccess: () => tell('Your name is changed') })
  }
  return (
    <Section
      title="Profile"
      description={`${account.role === 'admin' ? 'Admin' : 'Member'} since ${formatDay(account.createdAt)}.`}
    >
      <form noValidate onSubmit={submit} className="flex max-w-md flex-col gap-4">
        <Field
          label="Name"
          hint="Others here see it on your requests and your GPUs."
          error={typed === '' ? 'Say how you want to be called.' : rename.isError ? messageOf(rename.error) : undefined}
        >
          <TextInput
            value={name}
            onChange={(event) => {
              setName(event.target.value)
              rename.reset()
            }}
            maxLength={100}
            autoComplete="name"
          />
        </Field>
        <Field label="E-mail" hint="You sign in with it. It cannot be changed.">
          <TextInput type="email" value={account.email} readOnly className="read-only:bg-sunken read-only:text-muted" />
        </Field>
        <Button type="submit" className="self-start" disabled={!isChanged || typed === ''} busy={rename.isPending}>
          Save name
        </Button>
      </form>
    </Section>
  )
}
