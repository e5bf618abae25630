import { Toggle } from '@base-ui/react/toggle'
import { ToggleGroup } from '@base-ui/react/toggle-group'
import { Settings2, Sparkles } from 'lucide-react'
import type { ReactNode } from 'react'
import { FIELDS } from '../../../../../src/images/fields.ts'
import { Field, TextInput } from '../../../components/ui/field.tsx'
import type { ChangeForm, PlaygroundForm } from '../playground-form.ts'
import { fitInto, type Size, SIZE_PRESETS } from '../sizes.ts'

export interface SizeFieldProps {
  form: Pick<PlaygroundForm, 'size' | 'width' | 'height'>
  error: string | undefined
  /** Without a size an edit is as large as its first image. */
  hasSources: boolean
  onChange: ChangeForm
}

const SHAPE_SIDE = 18

export function SizeField({ form, error, hasSources, onChange }: SizeFieldProps) {
  const automatic = hasSources ? 'As source' : 'By model'
  return (
    <div className="flex flex-col gap-1.5">
      <span className="text-[13px] font-medium text-muted">{FIELDS.size.label}</span>
      <ToggleGroup
        aria-label={FIELDS.size.label}
        value={[form.size]}
        onValueChange={([size]) => size !== undefined && onChange({ size })}
        className="grid grid-cols-4 gap-1.5"
      >
        <Choice value="auto" label="Auto" detail={automatic} icon={<Sparkles className="size-4" aria-hidden />} />
        {SIZE_PRESETS.map(({ value, label, size }) => (
          <Choice
            key={value}
            value={value}
            label={label}
            detail={`${size.width}×${size.height}`}
            icon={<Shape size={size} />}
          />
        ))}
        <Choice
          value="custom"
          label="Custom"
          detail={form.size === 'custom' ? `${form.width}×${form.height}` : 'Any'}
          icon={<Settings2 className="size-4" aria-hidden />}
        />
      </ToggleGroup>
      {form.size === 'custom' && <CustomSize form={form} error={error} onChange={onChange} />}
      {form.size !== 'custom' && error !== undefined && (
        <p role="alert" className="text-xs text-bad">
          {error}
        </p>
      )}
    </div>
  )
}

function Choice({ value, label, detail, icon }: { value: string; label: string; detail: string; icon: ReactNode }) {
  return (
    <Toggle
      value={value}
      className="flex min-w-0 flex-col items-center gap-0.5 rounded-lg border border-line bg-surface px-0.5 pt-2 pb-1.5 text-xs text-muted transition-colors hover:border-line-strong hover:text-text data-pressed:border-accent data-pressed:bg-accent-soft data-pressed:text-accent"
    >
      <span className="flex h-5 items-center justify-center">{icon}</span>
      <span className="font-medium">{label}</span>
      <span className="max-w-full truncate text-[11px]">{detail}</span>
    </Toggle>
  )
}

const Shape = ({ size }: { size: Size }) => (
  <span aria-hidden className="rounded-[3px] border-[1.5px] border-current" style={fitInto(size, SHAPE_SIDE)} />
)

function CustomSize({ form, error, onChange }: Omit<SizeFieldProps, 'hasSources'>) {
  return (
    <div className="flex flex-col gap-1.5">
      <div className="grid grid-cols-[1fr_auto_1fr] items-end gap-2 pt-1">
        <Side name="width" label="Width" value={form.width} onChange={(width) => onChange({ width })} error={error} />
        <span aria-hidden className="pb-2 text-faint">
          ×
        </span>
        <Side
          name="height"
          label="Height"
          value={form.height}
          onChange={(height) => onChange({ height })}
          error={error}
        />
      </div>
      {error !== undefined && (
        <p role="alert" className="text-xs text-bad">
          {error}
        </p>
      )}
    </div>
  )
}

interface SideProps {
  name: string
  label: string
  value: string
  error: string | undefined
  onChange: (text: string) => void
}

const Side = ({ name, label, value, error, onChange }: SideProps) => (
  <Field label={label}>
    <TextInput
      name={name}
      inputMode="numeric"
      value={value}
      aria-invalid={error !== undefined || undefined}
      onChange={({ target }) => onChange(target.value)}
    />
  </Field>
)
