import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import type { LiveSetting } from '../../../../../src/http/dashboard/contract/admin.ts'
import { KeepLessDialog, wouldDelete } from '../../../components/keep-less-dialog.tsx'
import { Button } from '../../../components/ui/button.tsx'
import { Field, TextInput } from '../../../components/ui/field.tsx'
import { Page } from '../../../components/ui/page.tsx'
import { ErrorState, Skeleton } from '../../../components/ui/states.tsx'
import { tell, tellError } from '../../../components/ui/toaster.tsx'
import { ApiError, messageOf } from '../../../lib/fetch-json.ts'
import { ClubPanel } from './club-panel.tsx'
import { settingsQuery, useChangeSettings } from './api.ts'
import { changesOf, type Drafts, fieldMessage, shownValue } from './setting-drafts.ts'
import { groupSettings } from './setting-groups.ts'
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
  const [wrong, setWrong] = useState<Readonly<Record<string, string>>>({})
  const [query, setQuery] = useState('')
  const form = useRef<HTMLFormElement>(null)
  const save = useChangeSettings()
  const changes = changesOf(settings, drafts)
  const count = Object.keys(changes).length
  const groups = groupSettings(settings, query)
  const clear = () => {
    setDrafts({})
    setWrong({})
    save.reset()
  }
  const change = (name: string, value: string | null) => {
    setDrafts((before) => ({ ...before, [name]: value }))
    setWrong(({ [name]: _mended, ...others }) => others)
  }
  const send = (mayDelete: boolean) =>
    save.mutate(
      { change: changes, mayDelete },
      {
        onSuccess: () => {
          clear()
          tell(count === 1 ? 'Saved one setting' : `Saved ${count} settings`)
        },
        onError: (error) => {
          if (wouldDelete(error) !== undefined) return
          const fields = error instanceof ApiError ? error.fields : {}
          setWrong(fields)
          // A field with a mistake may be one that the search does not show.
          setQuery('')
          if (!Object.keys(fields).some((name) => name in changes)) tellError('Nothing was saved', messageOf(error))
        }
      }
    )
  // What is wrong stands below each field; the first is where one goes on.
  useEffect(() => form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus(), [wrong])
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    if (count > 0) send(false)
  }
  return (
    <form ref={form} noValidate onSubmit={submit} className="flex flex-col gap-6">
      <Field label="Find a setting" hideLabel className="sm:max-w-sm">
        <TextInput
          type="search"
          placeholder="Find a setting"
          value={query}
          onChange={(event) => setQuery(event.target.value)}
          // It would save what is entered elsewhere.
          onKeyDown={(event) => event.key === 'Enter' && event.preventDefault()}
        />
      </Field>
      {groups.length === 0 && <p className="text-muted">No setting is called so, or says that.</p>}
      {groups.map((group) => (
        <section key={group.title} className="flex flex-col gap-2">
          <h2 className="text-[15px] font-semibold">{group.title}</h2>
          <ul className="flex flex-col divide-y divide-line rounded-2xl border border-line bg-surface shadow-card">
            {group.settings.map((setting) => {
              const message = wrong[setting.name]
              return (
                <SettingField
                  key={setting.name}
                  setting={setting}
                  shown={shownValue(setting, drafts)}
                  error={message === undefined ? undefined : fieldMessage(message)}
                  isDraft={setting.name in changes}
                  onChange={(value) => change(setting.name, value)}
                />
              )
            })}
          </ul>
        </section>
      ))}
      <SaveBar count={count} wrong={Object.keys(wrong).length} busy={save.isPending} onDiscard={clear} />
      <KeepLessDialog
        words={wouldDelete(save.error)}
        busy={save.isPending}
        onConfirm={() => send(true)}
        onClose={() => save.reset()}
      />
    </form>
  )
}

/** Stays in view while something is not saved; its place is always there. */
const SaveBar = (props: { count: number; wrong: number; busy: boolean; onDiscard: () => void }) => {
  const { count, wrong, busy, onDiscard } = props
  return (
    <div className="sticky bottom-18 z-10 min-h-15 md:bottom-4">
      {count > 0 && (
        <div className="flex flex-wrap items-center justify-end gap-2 rounded-2xl border border-line bg-raised px-4 py-3 shadow-pop">
          <span role="status" className="mr-auto text-muted">
            {count === 1 ? 'One change' : `${count} changes`}
            {wrong > 0 && <span className="text-bad">, {wrong === 1 ? 'one is wrong' : `${wrong} are wrong`}</span>}
          </span>
          <Button onClick={onDiscard}>Discard</Button>
          <Button look="primary" type="submit" busy={busy}>
            Save
          </Button>
        </div>
      )}
    </div>
  )
}
