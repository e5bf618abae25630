import { FIELDS } from '../../../../../src/images/fields.ts'
import { Button } from '../../../components/ui/button.tsx'
import { Slider } from '../../../components/ui/slider.tsx'

export interface StrengthFieldProps {
  value: string
  error: string | undefined
  onChange: (strength: string) => void
}

const MIDDLE = 0.6

/** How much of the source is repainted; unset, the engine decides. */
export function StrengthField({ value, error, onChange }: StrengthFieldProps) {
  const isSet = value !== ''
  return (
    <div className="flex flex-col">
      <Slider
        label={FIELDS.strength.label}
        value={isSet ? Number(value) : MIDDLE}
        min={FIELDS.strength.value.min}
        max={FIELDS.strength.value.max}
        step={0.01}
        text={isSet ? value : 'Default'}
        onChange={(strength) => onChange(String(strength))}
        className={isSet ? '' : 'opacity-70'}
      />
      <div className="flex min-h-8 items-center justify-between gap-2 text-xs text-faint">
        {error === undefined ? (
          <span>0 keeps the source, 1 ignores it.</span>
        ) : (
          <span role="alert" className="text-bad">
            {error}
          </span>
        )}
        {isSet && (
          <Button size="small" look="ghost" onClick={() => onChange('')}>
            Default
          </Button>
        )}
      </div>
    </div>
  )
}
