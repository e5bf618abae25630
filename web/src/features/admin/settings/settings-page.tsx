import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { LiveSetting } from '../../../../../src/http/dashboard/contract/admin.ts'
import { Button } from '../../../components/ui/button.tsx'
import { Page } from '../../../components/ui/page.tsx'
import { ErrorState, Skeleton } from '../../../components/ui/states.tsx'
import { tell, tellError } from '../../../components/ui/toaster.tsx'
import { ApiError, messageOf } from '../../../lib/fetch-json.ts'
import { ClubPanel } from './club-panel.tsx'
import { settingsQuery, useChangeSettings } from './api.ts'
import { changesOf, type Drafts, fieldMessage, shownValue } from './setting-drafts.ts'
import { SettingField } from './setting-field.tsx'

export function SettingsPage() {
  const { data, error, refetch } = useQuery(settingsQuery)
  return (
    <Page title="Settings" description="These may change while the server runs, and count at once.">
      {data ? (
        <>
          <ClubPanel />
          <SettingsForm settings={data} />
        </>
      ) : error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <Skeleton className="h-160 rounded-2xl" />
      )}
    </Page>
  )
}

function SettingsForm({ settings }: { settings: readonly LiveSetting[] }) {
  const [drafts, setDrafts] = useState<Drafts>({})
  const save = useChangeSettings()
  const changes = changesOf(settings, drafts)
  const count = Object.keys(changes).length
  const wrong = save.error instanceof ApiError ? save.error.param : null
  const clear = () => {
    setDrafts({})
    save.reset()
  }
  const change = (name: string, value: string | null) => {
    setDrafts((before) => ({ ...before, [name]: value }))
    if (wrong === name) save.reset()
  }
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = event.currentTarget
    if (count === 0) return
    save.mutate(changes, {
      onSuccess: () => {
        setDrafts({})
        tell(count === 1 ? 'Saved one setting' : `Saved ${count} settings`)
      },
      onError: (error) => {
        const field = error instanceof ApiError && error.param !== null ? form.elements.namedItem(error.param) : null
        // Its message stands below it.
        if (field instanceof HTMLElement) field.focus()
        else tellError('Nothing was saved', messageOf(error))
      }
    })
  }
  return (
    <form noValidate onSubmit={submit} className="flex flex-col gap-4">
      <ul className="flex flex-col divide-y divide-line rounded-2xl border border-line bg-surface shadow-card">
        {settings.map((setting) => (
          <SettingField
            key={setting.name}
            setting={setting}
            shown={shownValue(setting, drafts)}
            error={wrong === setting.name ? fieldMessage(messageOf(save.error)) : undefined}
            isDraft={setting.name in changes}
            onChange={(value) => change(setting.name, value)}
          />
        ))}
      </ul>
      <SaveBar count={count} busy={save.isPending} onDiscard={clear} />
    </form>
  )
}

/** Stays in view while something is not saved; its place is always there. */
const SaveBar = ({ count, busy, onDiscard }: { count: number; busy: boolean; onDiscard: () => void }) => (
  <div className="sticky bottom-18 z-10 min-h-15 md:bottom-4">
    {count > 0 && (
      <div className="flex flex-wrap items-center justify-end gap-2 rounded-2xl border border-line bg-raised px-4 py-3 shadow-pop">
        <span role="status" className="mr-auto text-muted">
          {count === 1 ? 'One change' : `${count} changes`}
        </span>
        <Button onClick={onDiscard}>Discard</Button>
        <Button look="primary" type="submit" busy={busy}>
          Save
        </Button>
      </div>
    )}
  </div>
)
