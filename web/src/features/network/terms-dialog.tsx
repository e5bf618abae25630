import { useMutation, useQueryClient } from '@tanstack/react-query'
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
import { Checkbox } from '../../components/ui/checkbox.tsx'
import { Field } from '../../components/ui/field.tsx'
import { Select, type SelectOption } from '../../components/ui/select.tsx'
import { tell } from '../../components/ui/toaster.tsx'
import { DASHBOARD, fetchJson } from '../../lib/fetch-json.ts'
import { networkQuery } from '../../lib/network-query.ts'
import { providerQuery } from './api.ts'
import { type CapEntry, capEntryOf, readCapEntry } from './caps-form.ts'
import { PeoplePicker } from './people-picker.tsx'

type Access = NonNullable<ServiceTermsChange['access']>
const WHOM: Record<Access, string> = { members: 'everybody here', listed: 'a few people', private: 'only me' }
type Counted = 'imagesPerHour' | 'imagesPerUserHour'
type Caps = Record<Counted, CapEntry>
type TermsForm = Pick<ServiceTermsChange, 'access' | 'isPaused'> & { people: readonly PersonName[] }

interface TermsDialogProps {
  providerId: string
  service: ServiceInfo
  terms: ServiceTermsInfo
  onClose: () => void
}

/** Whom a service serves and with how much, by the word of its owner, beside what the agent's file says. */
export function TermsDialog({ providerId, service, terms, onClose }: TermsDialogProps) {
  const { set, file } = terms
  const [{ access, people, isPaused }, setForm] = useState<TermsForm>({
    access: set.access,
    people: terms.people,
    isPaused: set.isPaused
  })
  const [caps, setCaps] = useState<Caps>(capsOf(set))
  const [errors, setErrors] = useState<Partial<Record<Counted | 'people', string>>>({})
  const isPrivate = (access ?? file.access) === 'private'
  const save = useSetTerms(providerId, service.id)
  const change = (part: Partial<TermsForm>) => {
    setForm((before) => ({ ...before, ...part }))
    setErrors({})
  }
  const options: SelectOption<Access | 'file'>[] = [
    { value: 'file', label: `As in the agent’s file: ${WHOM[file.access]}` },
    { value: 'members', label: 'Everybody here' },
    { value: 'listed', label: 'A few people' },
    { value: 'private', label: 'Only me' }
  ]
  const submit = () => {
    // What is not shown stays as it is.
    const entries = isPrivate ? capsOf(set) : caps
    const hour = readCapEntry(entries.imagesPerHour)
    const userHour = readCapEntry(entries.imagesPerUserHour)
    if ('error' in hour) return setErrors({ imagesPerHour: hour.error })
    if ('error' in userHour) return setErrors({ imagesPerUserHour: userHour.error })
    if (access === 'listed' && people.length === 0) return setErrors({ people: 'Choose at least one.' })
    save.mutate(
      {
        access,
        people: access === 'listed' ? people.map(({ id }) => id) : [],
        imagesPerHour: hour.cap,
        imagesPerUserHour: userHour.cap,
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
  const setCap = (name: Counted, entry: CapEntry) => {
    setCaps((before) => ({ ...before, [name]: entry }))
    setErrors({})
  }
  const count = (name: Counted, { label, lift }: { label: string; lift: string }) => {
    const { typed, isLifted } = caps[name]
    return (
      <div className="flex flex-col gap-2">
        <CountField
          label={label}
          value={typed}
          error={errors[name]}
          placeholder={isLifted ? 'No limit' : `As in the agent’s file: ${file[name] ?? 'no limit'}`}
          hint="Empty: as in the agent’s file."
          onChange={(value) => setCap(name, { typed: value, isLifted: false })}
        />
        {(file[name] !== null || isLifted) && (
          <Checkbox checked={isLifted} onChange={(lifted) => setCap(name, { typed: '', isLifted: lifted })}>
            {lift}
          </Checkbox>
        )}
      </div>
    )
  }
  return (
    <LimitsDialogFrame
      title={`Whom ${service.name} serves`}
      description="What you set here counts at once and wins over the agent’s file. You are never held back."
      save={save}
      onSubmit={submit}
      onClose={onClose}
    >
      <div className="flex flex-col gap-4">
        <Field label="Whom does it serve?">
          <Select
            value={access ?? 'file'}
            options={options}
            onChange={(value) => change({ access: value === 'file' ? null : value })}
          />
        </Field>
        {access === 'listed' && (
          <PeoplePicker
            providerId={providerId}
            chosen={people}
            error={errors.people}
            onChange={(chosen) => change({ people: chosen })}
          />
        )}
        {!isPrivate && (
          <div className="grid gap-4 sm:grid-cols-2">
            {count('imagesPerHour', { label: 'Images an hour for others', lift: 'No limit for others' })}
            {count('imagesPerUserHour', { label: 'And for each of them', lift: 'No limit for each' })}
          </div>
        )}
        <Checkbox
          checked={isPaused}
          onChange={(paused) => change({ isPaused: paused })}
          detail="It takes no work, yours neither. What waits for it goes on afterwards."
        >
          Pause it
        </Checkbox>
      </div>
    </LimitsDialogFrame>
  )
}

const capsOf = ({ imagesPerHour, imagesPerUserHour }: Pick<ServiceTermsChange, Counted>): Caps => ({
  imagesPerHour: capEntryOf(imagesPerHour),
  imagesPerUserHour: capEntryOf(imagesPerUserHour)
})

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
