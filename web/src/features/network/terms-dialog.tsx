import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type {
  PersonName,
  ProviderDetail,
  ServiceInfo,
  ServiceTermsChange,
  ServiceTermsInfo
} from '../../../../src/http/dashboard/contract/network.ts'
import { CountField } from '../../components/limits/count-field.tsx'
import { LimitsDialogFrame } from '../../components/limits/limits-dialog-frame.tsx'
import { readCount } from '../../components/limits/limits-form.ts'
import { Checkbox } from '../../components/ui/checkbox.tsx'
import { Field } from '../../components/ui/field.tsx'
import { Select, type SelectOption } from '../../components/ui/select.tsx'
import { tell } from '../../components/ui/toaster.tsx'
import { DASHBOARD, fetchJson } from '../../lib/fetch-json.ts'
import { networkQuery, providerQuery } from './api.ts'

type Access = NonNullable<ServiceTermsChange['access']>
const WHOM: Record<Access, string> = { members: 'everybody here', listed: 'a few people', private: 'only me' }
type Counted = 'imagesPerHour' | 'imagesPerUserHour'
type Typed = Record<Counted, string>

interface TermsDialogProps {
  providerId: string
  service: ServiceInfo
  terms: ServiceTermsInfo
  onClose: () => void
}

/** Whom a service serves and with how much, by the word of its owner, beside what the agent's file says. */
export function TermsDialog({ providerId, service, terms: { set, file }, onClose }: TermsDialogProps) {
  const [{ access, people, isPaused }, setForm] = useState(set)
  const [typed, setTyped] = useState<Typed>({
    imagesPerHour: typedOf(set.imagesPerHour),
    imagesPerUserHour: typedOf(set.imagesPerUserHour)
  })
  const [errors, setErrors] = useState<Partial<Record<Counted | 'people', string>>>({})
  const save = useSetTerms(providerId, service.id)
  const change = (part: Partial<ServiceTermsChange>) => {
    setForm((before) => ({ ...before, ...part }))
    setErrors({})
  }
  const options: SelectOption<Access | 'file'>[] = [
    { value: 'file', label: `As in agent.yaml: ${WHOM[file.access]}` },
    { value: 'members', label: 'Everybody here' },
    { value: 'listed', label: 'A few people' },
    { value: 'private', label: 'Only me' }
  ]
  const submit = () => {
    const hour = readCount(typed.imagesPerHour, 0)
    const userHour = readCount(typed.imagesPerUserHour, 0)
    if ('error' in hour) return setErrors({ imagesPerHour: hour.error })
    if ('error' in userHour) return setErrors({ imagesPerUserHour: userHour.error })
    if (access === 'listed' && people.length === 0) return setErrors({ people: 'Choose at least one.' })
    save.mutate(
      {
        access,
        people: access === 'listed' ? people : [],
        imagesPerHour: capOf(hour.count),
        imagesPerUserHour: capOf(userHour.count),
        isPaused
      },
      {
        onSuccess: () => {
          tell(`Changed whom ${service.name} serves`)
          onClose()
        }
      }
    )
  }
  const count = (name: Counted, label: string) => (
    <CountField
      label={label}
      value={typed[name]}
      error={errors[name]}
      placeholder={`As in agent.yaml: ${file[name] ?? 'no limit'}`}
      hint="0 lifts the limit."
      onChange={(value) => {
        setTyped((before) => ({ ...before, [name]: value }))
        setErrors({})
      }}
    />
  )
  return (
    <LimitsDialogFrame
      name={service.name}
      description="What you set here counts at once and wins over agent.yaml. You are never held back."
      save={save}
      onSubmit={submit}
      onClose={onClose}
    >
      <div className="flex flex-col gap-4">
        <Checkbox checked={isPaused} onChange={(paused) => change({ isPaused: paused })} detail="For you as well.">
          Paused: it takes no work
        </Checkbox>
        <Field label="Whom does it serve?">
          <Select
            value={access ?? 'file'}
            options={options}
            onChange={(value) => change({ access: value === 'file' ? null : value })}
          />
        </Field>
        {access === 'listed' && (
          <People
            providerId={providerId}
            chosen={people}
            error={errors.people}
            onChange={(chosen) => change({ people: chosen })}
          />
        )}
        <div className="grid gap-4 sm:grid-cols-2">
          {count('imagesPerHour', 'Images an hour for others')}
          {count('imagesPerUserHour', 'And for each of them')}
        </div>
      </div>
    </LimitsDialogFrame>
  )
}

const typedOf = (cap: ServiceTermsChange[Counted]): string => (cap === null ? '' : cap === 'none' ? '0' : String(cap))
const capOf = (count: number | null): ServiceTermsChange[Counted] => (count === 0 ? 'none' : count)

interface PeopleProps {
  providerId: string
  chosen: readonly string[]
  error: string | undefined
  onChange: (chosen: string[]) => void
}

function People({ providerId, chosen, error, onChange }: PeopleProps) {
  const { data: people = [] } = useQuery({
    queryKey: ['provider', providerId, 'people'],
    queryFn: ({ signal }) => fetchJson<PersonName[]>(`${DASHBOARD}/providers/${providerId}/people`, { signal })
  })
  return (
    <div role="group" aria-label="People to choose from" className="flex flex-col gap-2">
      <div className="grid max-h-44 gap-x-4 gap-y-2 overflow-y-auto rounded-lg border border-line p-3 sm:grid-cols-2">
        {people.map(({ id, name }) => (
          <Checkbox
            key={id}
            checked={chosen.includes(id)}
            onChange={(checked) => onChange(checked ? [...chosen, id] : chosen.filter((one) => one !== id))}
          >
            <span className="[overflow-wrap:anywhere]">{name}</span>
          </Checkbox>
        ))}
      </div>
      {error !== undefined && (
        <p role="alert" className="text-xs text-bad">
          {error}
        </p>
      )}
    </div>
  )
}

function useSetTerms(providerId: string, serviceId: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (json: ServiceTermsChange) =>
      fetchJson<ProviderDetail>(`${DASHBOARD}/providers/${providerId}/services/${serviceId}/terms`, {
        method: 'PUT',
        json
      }),
    onSuccess: (detail) => {
      client.setQueryData(providerQuery(providerId).queryKey, detail)
      return client.invalidateQueries({ queryKey: networkQuery.queryKey })
    }
  })
}
