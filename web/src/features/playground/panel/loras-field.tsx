import { useQuery } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { FIELDS, MAX_LORA_WEIGHT, type Lora } from '../../../../../src/images/fields.ts'
import { Field, TextInput } from '../../../components/ui/field.tsx'
import { IconButton } from '../../../components/ui/icon-button.tsx'
import { Select } from '../../../components/ui/select.tsx'
import { modelsQuery } from '../../../lib/models.ts'
import { parseLoras, spellLoras } from '../../../lib/lora-text.ts'

export interface LorasFieldProps {
  model: string
  value: string
  onChange: (text: string) => void
}

/** The LoRAs that the model's owners let callers name; not there when there are none. */
export function LorasField({ model, value, onChange }: LorasFieldProps) {
  const { data: models } = useQuery(modelsQuery)
  const offered = models?.find(({ id }) => id === model)?.loras ?? []
  const chosen = parseLoras(value)
  if (offered.length === 0 && chosen.length === 0) return null
  const left = offered.filter((name) => !chosen.some((one) => one.name === name))
  const change = (loras: readonly Lora[]) => onChange(spellLoras(loras))
  const isFull = chosen.length >= FIELDS.loras.value.maxItems
  return (
    <div className="flex flex-col gap-2">
      <Field label={FIELDS.loras.label}>
        <Select
          value=""
          options={[
            { value: '', label: isFull ? 'No more can be added' : left.length === 0 ? 'All are added' : 'Add one' },
            ...(isFull ? [] : left.map((name) => ({ value: name, label: name })))
          ]}
          onChange={(name) => name !== '' && change([...chosen, { name, weight: 1 }])}
        />
      </Field>
      {chosen.length > 0 && (
        <ul aria-label="Chosen LoRAs" className="flex flex-col gap-1.5">
          {chosen.map((lora, index) => (
            <li key={lora.name} className="flex items-center gap-2">
              <span className="min-w-0 flex-1 text-[13px] [overflow-wrap:anywhere]">
                {lora.name}
                {models && !offered.includes(lora.name) && <span className="text-warn"> is not offered now</span>}
              </span>
              <TextInput
                type="number"
                aria-label={`Weight of ${lora.name}`}
                min={-MAX_LORA_WEIGHT}
                max={MAX_LORA_WEIGHT}
                step={0.1}
                defaultValue={lora.weight}
                className="w-22! tabular-nums"
                onChange={({ target }) => {
                  const weight = Math.min(MAX_LORA_WEIGHT, Math.max(-MAX_LORA_WEIGHT, target.valueAsNumber))
                  if (!Number.isNaN(weight)) change(chosen.with(index, { ...lora, weight }))
                }}
              />
              <IconButton
                icon={X}
                size="small"
                label={`Leave out ${lora.name}`}
                onClick={() => change(chosen.toSpliced(index, 1))}
              />
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
