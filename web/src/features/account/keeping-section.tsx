import type { AccountInfo } from '../../../../src/http/dashboard/contract/account.ts'
import { Field } from '../../components/ui/field.tsx'
import { Select } from '../../components/ui/select.tsx'
import { formatBytes, formatNumber } from '../../lib/format.ts'
import { useChangeDefaults } from './api.ts'
import { Section } from './section.tsx'

const DAY_MS = 86_400_000
const DAYS = [1, 7, 30, 90, 365]
const BYTES = [100e6, 1e9, 10e9, 100e9]

const tellDays = (days: number): string => (days === 1 ? 'A day' : `${formatNumber(days)} days`)

/** How much of what somebody makes is kept; the club may keep less. */
export function KeepingSection({ account }: { account: AccountInfo }) {
  const { keepDays, keepBytes, clubKeeps } = account
  const change = useChangeDefaults()
  const club = [
    ...(clubKeeps.ms === null ? [] : [`for ${tellDays(clubKeeps.ms / DAY_MS).toLowerCase()}`]),
    ...(clubKeeps.bytes === null ? [] : [`up to ${formatBytes(clubKeeps.bytes)}`])
  ]
  return (
    <Section
      title="What is kept of your requests"
      description={
        club.length === 0
          ? 'The oldest go first, with their images and inputs. Pinned ones stay.'
          : `The club keeps them ${club.join(' and ')}; the less counts. The oldest go first, pinned ones stay.`
      }
    >
      <div className="grid max-w-md gap-4 sm:grid-cols-2">
        <Field label="For how long">
          <Select
            value={spell(keepDays)}
            options={choices(DAYS, keepDays, tellDays)}
            onChange={(value) => change.mutate({ keepDays: read(value) })}
          />
        </Field>
        <Field label="How much">
          <Select
            value={spell(keepBytes)}
            options={choices(BYTES, keepBytes, (bytes) => `Up to ${formatBytes(bytes)}`)}
            onChange={(value) => change.mutate({ keepBytes: read(value) })}
          />
        </Field>
      </div>
    </Section>
  )
}

const spell = (value: number | null): string => (value === null ? '' : String(value))
const read = (text: string): number | null => (text === '' ? null : Number(text))

/** What is chosen already is among them, wherever it was. */
const choices = (usual: readonly number[], chosen: number | null, tell: (value: number) => string) => [
  { value: '', label: 'As the club has it' },
  ...[...new Set([...usual, ...(chosen === null ? [] : [chosen])])].map((value) => ({
    value: String(value),
    label: tell(value)
  }))
]
