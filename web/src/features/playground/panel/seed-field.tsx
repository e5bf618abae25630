import { Dices, LockKeyhole, LockKeyholeOpen } from 'lucide-react'
import { FIELDS } from '../../../../../src/images/fields.ts'
import { Field, TextInput } from '../../../components/ui/field.tsx'
import { IconButton } from '../../../components/ui/icon-button.tsx'
import { randomSeed } from '../build-call.ts'

export interface SeedFieldProps {
  value: string
  error: string | undefined
  onChange: (seed: string) => void
}

/** Empty is random; a locked one makes the same picture again. */
export function SeedField({ value, error, onChange }: SeedFieldProps) {
  const isLocked = value !== ''
  const draw = () => onChange(String(randomSeed()))
  return (
    <Field label={FIELDS.seed.label} error={error}>
      <div className="relative">
        <TextInput
          name="seed"
          inputMode="numeric"
          value={value}
          placeholder="Random"
          className="pr-18 tabular-nums pointer-coarse:pr-22"
          onChange={({ target }) => onChange(target.value)}
        />
        <div className="absolute inset-y-0 right-0.5 flex items-center">
          <IconButton icon={Dices} size="small" label="Draw a seed and keep it" onClick={draw} />
          <IconButton
            icon={isLocked ? LockKeyhole : LockKeyholeOpen}
            size="small"
            label={isLocked ? 'Seed is kept: make it random' : 'Seed is random: keep one'}
            aria-pressed={isLocked}
            className={isLocked ? 'text-accent!' : ''}
            onClick={() => (isLocked ? onChange('') : draw())}
          />
        </div>
      </div>
    </Field>
  )
}
