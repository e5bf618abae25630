import { Field, TextInput } from '../../components/ui/field.tsx'
import { PasswordInput } from '../../components/ui/password-input.tsx'
import { MIN_PASSWORD } from '../../lib/password-length.ts'
import type { EntryErrors } from './check-credentials.ts'

export interface EmailFieldProps {
  error: string | undefined
  value?: string | undefined
  /** It is given and cannot be another. */
  fixed?: boolean
  autoFocus?: boolean
}

export const EmailField = ({ error, value, fixed = false, autoFocus = false }: EmailFieldProps) => (
  <Field label="E-mail" error={error} {...(fixed && { hint: 'The invitation is for this address.' })}>
    <TextInput
      type="email"
      name="email"
      autoComplete="username"
      autoCapitalize="off"
      spellCheck={false}
      defaultValue={value}
      readOnly={fixed}
      autoFocus={autoFocus}
      className="h-11 read-only:bg-sunken read-only:text-muted"
    />
  </Field>
)

export interface NewCredentialFieldsProps {
  errors: EntryErrors
  name?: string | undefined
  email?: string | undefined
  emailFixed?: boolean
  passwordLabel?: string
}

/** Name, address and a new password. */
export function NewCredentialFields(props: NewCredentialFieldsProps) {
  const { errors, name, email, emailFixed = false, passwordLabel = 'Password' } = props
  return (
    <>
      <Field label="Name" error={errors.name}>
        <TextInput
          name="name"
          autoComplete="name"
          defaultValue={name}
          maxLength={100}
          autoFocus={name === undefined}
          className="h-11"
        />
      </Field>
      <EmailField error={errors.email} value={email} fixed={emailFixed} />
      <Field label={passwordLabel} error={errors.password} hint={`At least ${MIN_PASSWORD} characters.`}>
        <PasswordInput autoComplete="new-password" autoFocus={name !== undefined} />
      </Field>
    </>
  )
}
