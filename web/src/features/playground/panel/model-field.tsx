import { Link } from '@tanstack/react-router'
import { useQuery } from '@tanstack/react-query'
import { clsx } from 'clsx'
import { FIELDS } from '../../../../../src/images/fields.ts'
import type { ModelInfo } from '../../../../../src/http/dashboard/contract/requests.ts'
import { Badge } from '../../../components/ui/badge.tsx'
import { Button } from '../../../components/ui/button.tsx'
import { Field } from '../../../components/ui/field.tsx'
import { Select } from '../../../components/ui/select.tsx'
import { Skeleton } from '../../../components/ui/states.tsx'
import { AdviceText } from '../../../components/wait-note.tsx'
import { messageOf } from '../../../lib/fetch-json.ts'
import {
  useIsNotServed,
  useNoModelAdvice,
  useOfflineAdvice,
  usePausedAdvice,
  usePendingAdvice,
  useWaitAdvice
} from '../../../lib/advice/use-advice.ts'
import { tellHourly, tellLoad, waitOf } from '../../../lib/model-load.ts'
import { PAUSED } from '../../../lib/advice/wait-advice.ts'
import { reasonText } from '../../../lib/wait-words.ts'
import { modelsQuery } from '../../../lib/models.ts'

const FEATURE_LABELS: Record<string, string> = {
  generate: 'Generate',
  edit: 'Edit',
  mask: 'Mask',
  multi_image: 'Several images',
  variation: 'Variation',
  negative_prompt: 'Negative prompt',
  seed: 'Seed',
  preview: 'Preview'
}

export interface ModelFieldProps {
  value: string
  error: string | undefined
  onChange: (model: string) => void
}

/** Which model, what it can do, and how busy it is. */
export function ModelField({ value, error, onChange }: ModelFieldProps) {
  const { data: models, error: failure, refetch } = useQuery(modelsQuery)
  if (!models && failure) {
    return (
      <div role="alert" className="flex flex-wrap items-center gap-2 text-[13px] text-bad">
        The models cannot be listed: {messageOf(failure)}
        <Button size="small" onClick={() => void refetch()}>
          Try again
        </Button>
      </div>
    )
  }
  if (!models) return <ModelSkeleton />
  if (models.length === 0 && value === '') return <NoModel error={error} />
  const chosen = models.find(({ id }) => id === value)
  return (
    <div className="flex flex-col gap-2">
      <Field label={FIELDS.model.label} error={error}>
        <Select value={value} options={optionsOf(models, value)} onChange={onChange} />
      </Field>
      {chosen ? <ModelFacts model={chosen} /> : <OfflineNote model={value} />}
    </div>
  )
}

/** A model that was used before stays choosable while nobody offers it: its requests wait for somebody. */
function optionsOf(models: readonly ModelInfo[], value: string) {
  const options = models.map((model) => ({ value: model.id, label: model.id, detail: tellLoad(model) }))
  if (value === '' || models.some(({ id }) => id === value)) return options
  return [...options, { value, label: value, detail: 'Offline' }]
}

const ModelFacts = ({ model }: { model: ModelInfo }) => (
  <div className="flex flex-col gap-2">
    <ul aria-label="What the model can do" className="flex flex-wrap gap-1">
      {model.supported_features.map((feature) => (
        <li key={feature}>
          <Badge>{FEATURE_LABELS[feature] ?? feature}</Badge>
        </li>
      ))}
    </ul>
    <ModelStanding model={model} />
  </div>
)

const isMade = ({ providers, waiting }: ModelInfo): boolean => providers > 0 && !waiting

/** How busy a model is, or why it is not made now and what can be done about that. */
function ModelStanding({ model }: { model: ModelInfo }) {
  const advice = useWaitAdvice({ model: model.id, status: 'queued', wait: waitOf(model) })
  const hourly = tellHourly(model)
  return (
    <>
      <p className={clsx('flex items-start gap-1.5 text-xs', isMade(model) ? 'text-faint' : 'text-warn')}>
        <span
          aria-hidden
          className={clsx('mt-[5px] size-1.5 shrink-0 rounded-full', isMade(model) ? 'bg-good' : 'bg-warn')}
        />
        <span className="min-w-0 [overflow-wrap:anywhere]">{tellLoad(model)}</span>
      </p>
      {hourly !== undefined && <p className="text-xs text-muted">{hourly}</p>}
      {advice && (
        <p className="text-xs text-muted">
          <AdviceText advice={advice} />
        </p>
      )}
    </>
  )
}

/** Where the field is folded away: why the chosen model is not made now, as the field itself says it; nothing of one that is made. */
export function FoldedModelNote({ value }: { value: string }) {
  const { data: models } = useQuery(modelsQuery)
  if (!models) return null
  if (models.length === 0 && value === '') return <NoModel error={undefined} />
  const chosen = models.find(({ id }) => id === value)
  if (!chosen) return <OfflineNote model={value} />
  return isMade(chosen) ? null : <ModelStanding model={chosen} />
}

function OfflineNote({ model }: { model: string }) {
  const pending = usePendingAdvice(model)
  const paused = usePausedAdvice(model)
  const isNotServed = useIsNotServed(model)
  const offline = useOfflineAdvice(model)
  const advice = pending ?? paused ?? (isNotServed ? null : offline)
  return (
    <p className="flex items-start gap-1.5 text-xs text-warn">
      <span aria-hidden className="mt-[5px] size-1.5 shrink-0 rounded-full bg-warn" />
      <span className="min-w-0 [overflow-wrap:anywhere]">
        {paused
          ? `${reasonText({ wait: PAUSED }, 0)} that has ${model}. A request waits until it is resumed, and tells how long at most.`
          : isNotServed
            ? `The owner of the machine that has ${model} does not serve your account.`
            : `Nobody offers ${model} right now. A request waits until somebody does, and tells how long at most.`}{' '}
        {advice && <AdviceText advice={advice} />}
      </span>
    </p>
  )
}

/** The stage beside it says what to do. */
function NoModel({ error }: { error: string | undefined }) {
  const why = useNoModelAdvice()
  return (
    <div className="flex flex-col gap-1 text-[13px]">
      <span className="font-medium text-muted">Model</span>
      <p className={error === undefined ? 'text-muted' : 'text-bad'}>
        {why?.title ?? 'No model is offered to you right now'}. {why?.advice && <AdviceText advice={why.advice} />} You
        can{' '}
        <Link to="/network" search={{ dialog: 'connect' }} className="text-accent underline underline-offset-2">
          connect a machine of your own
        </Link>
        .
      </p>
    </div>
  )
}

/** As high as what will be there. */
const ModelSkeleton = () => (
  <div aria-hidden className="flex flex-col gap-2">
    <Skeleton className="h-5 w-16" />
    <Skeleton className="h-9 pointer-coarse:h-11" />
    <Skeleton className="h-12" />
    <Skeleton className="h-4 w-40" />
  </div>
)
