import { useQuery } from '@tanstack/react-query'
import { messageOf } from '../../lib/fetch-json.ts'
import { modelsQuery } from '../../lib/models.ts'
import { Checkbox } from '../ui/checkbox.tsx'
import { Segmented } from '../ui/segmented.tsx'
import { Skeleton } from '../ui/states.tsx'

export interface ModelFieldsProps {
  /** Null: all, those that come later included. */
  chosen: readonly string[] | null
  error: string | undefined
  onChange: (models: readonly string[] | null) => void
}

/** All models, or some. */
export function ModelFields({ chosen, error, onChange }: ModelFieldsProps) {
  return (
    <div className="mt-4 flex flex-col gap-3" role="group" aria-label="Models">
      <span className="text-[13px] font-medium text-muted">Models</span>
      <Segmented
        label="Models"
        className="self-start"
        value={chosen === null ? 'all' : 'some'}
        options={[
          { value: 'all', label: 'All' },
          { value: 'some', label: 'Only some' }
        ]}
        onChange={(which) => onChange(which === 'all' ? null : [])}
      />
      {chosen !== null && <ModelList chosen={chosen} onChange={onChange} />}
      {error !== undefined && (
        <p role="alert" className="text-xs text-bad">
          {error}
        </p>
      )}
    </div>
  )
}

/** Those that are online, and those chosen before that are not. */
function ModelList({ chosen, onChange }: { chosen: readonly string[]; onChange: (models: string[]) => void }) {
  const { data: online, error } = useQuery(modelsQuery)
  if (error && !online) return <p className="text-bad">{messageOf(error)}</p>
  if (!online) return <Skeleton className="h-16" />
  const models = [...new Set([...online.map(({ id }) => id), ...chosen])]
  if (models.length === 0) {
    return <p className="text-muted">No model is online now. Connect an agent first, or allow all.</p>
  }
  return (
    <div className="grid max-h-44 gap-x-4 gap-y-2 overflow-y-auto rounded-lg border border-line p-3 sm:grid-cols-2">
      {models.map((model) => (
        <Checkbox
          key={model}
          checked={chosen.includes(model)}
          onChange={(checked) => onChange(checked ? [...chosen, model] : chosen.filter((one) => one !== model))}
        >
          <span className="[overflow-wrap:anywhere]">{model}</span>
        </Checkbox>
      ))}
    </div>
  )
}
