import { clsx } from 'clsx'
import { Eye, EyeOff } from 'lucide-react'
import { type ComponentProps, useState } from 'react'
import { TextInput } from './field.tsx'
import { IconButton } from './icon-button.tsx'

export interface PasswordInputProps extends ComponentProps<'input'> {
  /** What it is called when it is shown or hidden. */
  what?: string
}

/** Within a `Field`: a password, or another secret, that can be looked at. */
export function PasswordInput({
  autoComplete,
  name = 'password',
  what = 'password',
  className = 'h-11',
  ...rest
}: PasswordInputProps) {
  const [shown, setShown] = useState(false)
  return (
    <div className="relative">
      <TextInput
        {...rest}
        type={shown ? 'text' : 'password'}
        name={name}
        autoComplete={autoComplete}
        autoCapitalize="off"
        autoCorrect="off"
        spellCheck={false}
        className={clsx(className, 'pr-12')}
      />
      <IconButton
        icon={shown ? EyeOff : Eye}
        label={shown ? `Hide ${what}` : `Show ${what}`}
        className="absolute inset-y-0 right-1 my-auto"
        onClick={() => setShown(!shown)}
      />
    </div>
  )
}
