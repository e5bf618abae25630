import { useState } from 'react'
import type { AccountInfo } from '../../../../src/http/dashboard/contract/account.ts'
import { KeepLessDialog, wouldDelete } from '../../components/keep-less-dialog.tsx'
import { Button } from '../../components/ui/button.tsx'
import { Field } from '../../components/ui/field.tsx'
import { Select } from '../../components/ui/select.tsx'
import { tell, tellError } from '../../components/ui/toaster.tsx'
import { messageOf } from '../../lib/fetch-json.ts'
import { formatBytes, formatNumber } from '../../lib/format.ts'
import { clubKeepsWords } from '../../lib/keeping-words.ts'
import { useChangeKeeping } from './api.ts'
import { Section } from './section.tsx'

type Keeping = Pick<AccountInfo, 'keepDays' | 'keepBytes'>

const DAYS = [1, 7, 30, 90, 365]
const BYTES = [100e6, 1e9, 10e9, 100e9]

const tellDays = (days: number): string => (days === 1 ? 'A day' : `${formatNumber(days)} days`)

/** How much of what somebody makes is kept; the club may keep less. Nothing counts before it is saved: it may delete. */
export function KeepingSection({ account }: { account: AccountInfo }) {
  const { keepDays, keepBytes, clubKeeps } = account
  const [draft, setDraft] = useState<Partial<Keeping>>({})
  const change = useChangeKeeping()
  const shown = { keepDays, keepBytes, ...draft }
  const isChanged = shown.keepDays !== keepDays || shown.keepBytes !== keepBytes
  const clear = () => {
    setDraft({})
    change.reset()
  }
  const save = (mayDelete: boolean) =>
    change.mutate(
      { ...shown, mayDelete },
      {
        onSuccess: () => {
          clear()
          tell('Saved what is kept of your requests')
        },
        onError: (error) => {
          if (wouldDelete(error) === undefined) tellError('It was not changed', messageOf(error))
        }
      }
    )
  const club = clubKeepsWords(clubKeeps)
  return (
    <Section
      title="What is kept of your requests"
      description={
        club === undefined
          ? 'The oldest go first, with their images and inputs. Pinned ones stay.'
          : `The club keeps them ${club}; the less counts. The oldest go first, pinned ones stay.`
      }
    >
      <div className="grid max-w-md gap-4 sm:grid-cols-2">
        <Field label="For how long">
          <Select
            value={spell(shown.keepDays)}
            options={choices(DAYS, keepDays, tellDays)}
            onChange={(value) => setDraft((before) => ({ ...before, keepDays: read(value) }))}
          />
        </Field>
        <Field label="How much">
          <Select
            value={spell(shown.keepBytes)}
            options={choices(BYTES, keepBytes, (bytes) => `Up to ${formatBytes(bytes)}`)}
            onChange={(value) => setDraft((before) => ({ ...before, keepBytes: read(value) }))}
          />
        </Field>
      </div>
      {isChanged && (
        <div className="flex flex-wrap gap-2">
          <Button look="primary" busy={change.isPending} onClick={() => save(false)}>
            Save
          </Button>
          <Button onClick={clear}>Discard</Button>
        </div>
      )}
      <KeepLessDialog
        words={wouldDelete(change.error)}
        busy={change.isPending}
        onConfirm={() => save(true)}
        onClose={() => change.reset()}
      />
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
