import { type FormEvent, useState } from 'react'
import type { AccountInfo } from '../../../../src/http/dashboard/contract/account.ts'
import { Button } from '../../components/ui/button.tsx'
import { Checkbox } from '../../components/ui/checkbox.tsx'
import { Field } from '../../components/ui/field.tsx'
import { PasswordInput } from '../../components/ui/password-input.tsx'
import { tell } from '../../components/ui/toaster.tsx'
import { MIN_PASSWORD } from '../../lib/password-length.ts'
import { useChangePassword } from './api.ts'
import { checkNewPassword, type PasswordErrors, passwordErrors } from './check-new-password.ts'
import { Section } from './section.tsx'

export const PasswordSection = ({ account }: { account: AccountInfo }) => (
  <Section title="Password">
    {account.hasPassword ? (
      <PasswordForm email={account.email} />
    ) : (
      <p className="text-muted">You sign in without a password here. An admin can make you a link to set one.</p>
    )}
  </Section>
)

const EMPTY = { current: '', next: '' }

function PasswordForm({ email }: { email: string }) {
  const [entry, setEntry] = useState(EMPTY)
  const [errors, setErrors] = useState<PasswordErrors>({})
  const [endOthers, setEndOthers] = useState(true)
  const change = useChangePassword()
  const type = (part: Partial<typeof entry>) => {
    setEntry({ ...entry, ...part })
    setErrors({})
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const wrong = checkNewPassword(entry)
    setErrors(wrong)
    if (Object.keys(wrong).length > 0) return
    change.mutate(
      { currentPassword: entry.current, newPassword: entry.next, revokeOtherSessions: endOthers },
      {
        onSuccess: () => {
          setEntry(EMPTY)
          tell('Your password is changed', endOthers ? 'You are signed out everywhere else.' : undefined)
        },
        onError: (error) => setErrors(passwordErrors(error))
      }
    )
  }
  return (
    <form noValidate onSubmit={submit} className="flex max-w-md flex-col gap-4">
      {/* Tells password managers whose it is. */}
      <input type="email" name="email" autoComplete="username" value={email} readOnly hidden />
      <Field label="Current password" error={errors.current}>
        <PasswordInput
          name="current-password"
          autoComplete="current-password"
          className="h-9"
          value={entry.current}
          onChange={(event) => type({ current: event.target.value })}
        />
      </Field>
      <Field label="New password" error={errors.next} hint={`At least ${MIN_PASSWORD} characters.`}>
        <PasswordInput
          name="new-password"
          autoComplete="new-password"
          className="h-9"
          value={entry.next}
          onChange={(event) => type({ next: event.target.value })}
        />
      </Field>
      <Checkbox checked={endOthers} onChange={setEndOthers} detail="API keys and agents go on working.">
        Sign out everywhere else
      </Checkbox>
      <Button type="submit" className="self-start" busy={change.isPending}>
        Change password
      </Button>
    </form>
  )
}
