import { useLocation } from '@tanstack/react-router'
import { Undo2 } from 'lucide-react'
import { useEffect, useRef } from 'react'
import type { LiveSetting } from '../../../../../src/http/dashboard/contract/admin.ts'
import { Badge } from '../../../components/ui/badge.tsx'
import { Button } from '../../../components/ui/button.tsx'
import { Field, TextInput } from '../../../components/ui/field.tsx'
import { Select } from '../../../components/ui/select.tsx'
import { descriptionParts, spellOut } from './setting-drafts.ts'

export interface SettingFieldProps {
  setting: LiveSetting
  /** What is entered, or its value. */
  shown: string
  error: string | undefined
  /** It differs from what is saved. */
  isDraft: boolean
  onChange: (value: string | null) => void
}

const UNITS = { duration: 'A number with s, m (minutes), h or d', bytes: 'A number with KiB, MiB, GiB, KB, MB or GB' }
const ON_OFF = [
  { value: '1', label: 'On' },
  { value: '0', label: 'Off' }
]

/** A setting with what it means, what it is, and the way back. */
export function SettingField({ setting, shown, error, isDraft, onChange }: SettingFieldProps) {
  const { name, title, variable, description, kind, fallback, isChanged } = setting
  const hint = spellOut(setting, shown) ?? (kind === 'duration' || kind === 'bytes' ? UNITS[kind] : undefined)
  const usual = spellReset(setting, fallback)
  const isWanted = useLocation({ select: ({ hash }) => hash }) === name
  const place = useRef<HTMLLIElement>(null)
  // A link leads to it, and the settings were not there yet when the page was.
  useEffect(() => {
    if (isWanted) place.current?.querySelector<HTMLElement>('input, select, button')?.focus()
  }, [isWanted])
  return (
    <li ref={place} className="grid scroll-m-24 gap-x-8 gap-y-3 px-4 py-4 sm:grid-cols-[minmax(0,1fr)_15rem]">
      <div className="flex min-w-0 flex-col gap-1">
        <h3 className="flex flex-wrap items-center gap-2 font-medium">
          {title}
          {isDraft ? <Badge look="warn">Not saved</Badge> : isChanged && <Badge look="info">Changed here</Badge>}
        </h3>
        <p className="text-muted">
          {descriptionParts(description).map((part, index) =>
            part.isCode ? (
              <code key={index} className="rounded-sm bg-hover px-1 font-mono text-[13px]">
                {part.text}
              </code>
            ) : (
              part.text
            )
          )}
        </p>
        <code className="font-mono text-xs [overflow-wrap:anywhere] text-faint">{variable}</code>
      </div>
      <div className="flex flex-col gap-1">
        <Field label={title} hideLabel error={error} hint={hint}>
          <Control setting={setting} shown={shown} onChange={onChange} />
        </Field>
        {shown !== fallback || (isChanged && !isDraft) ? (
          <Button
            look="ghost"
            size="small"
            icon={Undo2}
            className="-ml-2 self-start"
            aria-label={`Reset (${usual}): ${title}`}
            onClick={() => onChange(null)}
          >
            Reset ({usual})
          </Button>
        ) : null}
      </div>
    </li>
  )
}

function Control({ setting, shown, onChange }: Pick<SettingFieldProps, 'setting' | 'shown' | 'onChange'>) {
  const { name, kind, choices = [] } = setting
  if (kind === 'boolean') return <Select value={shown} options={ON_OFF} onChange={onChange} />
  if (kind === 'choice') {
    return <Select value={shown} options={choices.map((value) => ({ value, label: value }))} onChange={onChange} />
  }
  return (
    <TextInput
      name={name}
      value={shown}
      autoComplete="off"
      {...(kind === 'integer' && { inputMode: 'numeric' })}
      onChange={(event) => onChange(event.target.value)}
    />
  )
}

function spellReset(setting: LiveSetting, value: string): string {
  if (value === '') return 'none'
  if (setting.kind === 'boolean') return ON_OFF.find((one) => one.value === value)?.label ?? value
  return spellOut(setting, value) ?? value
}
