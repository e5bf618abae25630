import { Autocomplete } from '@base-ui/react/autocomplete'
import { Dialog } from '@base-ui/react/dialog'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Search } from 'lucide-react'
import { useDeferredValue, useState } from 'react'
import type { RequestPage } from '../../../../src/http/dashboard/contract/requests.ts'
import { DASHBOARD, fetchJson } from '../../lib/fetch-json.ts'
import { membersQuery } from '../../lib/people.ts'
import { usePerson, useSeesOthers } from '../../lib/session.ts'
import {
  type Command,
  type CommandGroup,
  fixedCommands,
  matchCommands,
  personCommands,
  requestCommands
} from './commands.ts'
import { isFound } from './is-found.ts'

export interface CommandPaletteProps {
  onClose: () => void
  onShortcuts: () => void
}

/** Fewer letters would find nearly everything. */
const FEWEST_LETTERS = 2
/** What can be typed; a search takes no more. */
const MOST_LETTERS = 200
const MOST_REQUESTS = 6
const MOST_PEOPLE = 5

/** All that can be done and gone to, found by its name. */
export function CommandPalette({ onClose, onShortcuts }: CommandPaletteProps) {
  const [typed, setTyped] = useState('')
  const groups = useGroups(typed.trim(), onShortcuts)
  const run = (command: Command) => {
    onClose()
    command.run()
  }
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop data-backdrop="" className="fixed inset-0 z-40 bg-black/50" />
        <Dialog.Popup
          aria-label="Search and commands"
          className="fixed top-2 left-1/2 z-40 flex max-h-[calc(100dvh-1rem)] w-[calc(100vw-1rem)] max-w-xl -translate-x-1/2 flex-col overflow-hidden rounded-2xl border border-line bg-raised shadow-pop outline-none sm:top-[12dvh] sm:max-h-[70dvh]"
        >
          <Autocomplete.Root
            open
            inline
            items={groups}
            mode="none"
            value={typed}
            onValueChange={(value, { reason }) => {
              // What is chosen is done, not typed.
              if (reason !== 'item-press') setTyped(value)
            }}
            itemToStringValue={({ label }: Command) => label}
            autoHighlight="always"
            keepHighlight
          >
            <div className="flex shrink-0 items-center gap-3 border-b border-line px-4">
              <Search className="size-4.5 shrink-0 text-faint" aria-hidden />
              <Autocomplete.Input
                autoFocus
                maxLength={MOST_LETTERS}
                aria-label="Search and commands"
                placeholder="Search images, pages and actions"
                className="h-12 min-w-0 flex-1 bg-transparent text-[15px] outline-none placeholder:text-faint pointer-coarse:text-base"
              />
              <Dialog.Close className="shrink-0 rounded-md border border-line px-1.5 py-0.5 text-xs text-muted hover:bg-hover pointer-coarse:min-h-[40px] pointer-coarse:px-3">
                <span className="sr-only">Close</span>
                <span aria-hidden>Esc</span>
              </Dialog.Close>
            </div>
            <div className="min-h-0 flex-1 overflow-y-auto overscroll-contain p-2">
              <Autocomplete.Empty>
                <p className="px-2.5 py-8 text-center text-muted empty:hidden">Nothing is called that.</p>
              </Autocomplete.Empty>
              <Autocomplete.List>
                {(group: CommandGroup) => (
                  <Autocomplete.Group key={group.label} items={group.items} className="not-last:mb-2">
                    <Autocomplete.GroupLabel className="px-2.5 pt-1.5 pb-1 text-xs font-medium text-faint">
                      {group.label}
                    </Autocomplete.GroupLabel>
                    <Autocomplete.Collection>
                      {(command: Command) => <Item key={command.id} command={command} onRun={run} />}
                    </Autocomplete.Collection>
                  </Autocomplete.Group>
                )}
              </Autocomplete.List>
            </div>
          </Autocomplete.Root>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function Item({ command, onRun }: { command: Command; onRun: (command: Command) => void }) {
  const { label, detail, icon: Icon } = command
  return (
    <Autocomplete.Item
      value={command}
      onClick={() => onRun(command)}
      className="flex min-h-9 scroll-my-2 items-center gap-3 rounded-lg px-2.5 outline-none select-none data-highlighted:bg-accent-soft pointer-coarse:min-h-[44px]"
    >
      <Icon className="size-4 shrink-0 text-faint" aria-hidden />
      <span className="min-w-0 flex-1 truncate">{label}</span>
      {detail !== undefined && <span className="max-w-2/5 shrink-0 truncate text-[13px] text-muted">{detail}</span>}
    </Autocomplete.Item>
  )
}

/** What there is to choose from: the fixed commands, and what the server finds. */
function useGroups(typed: string, showShortcuts: () => void): CommandGroup[] {
  const navigate = useNavigate()
  const { role } = usePerson()
  const seesOthers = useSeesOthers()
  const q = useDeferredValue(typed)
  const isSearch = q.length >= FEWEST_LETTERS
  const { data: found } = useQuery({
    queryKey: ['palette', q],
    queryFn: ({ signal }) =>
      fetchJson<RequestPage>(`${DASHBOARD}/requests`, { query: { q, limit: MOST_REQUESTS }, signal }),
    enabled: isSearch,
    placeholderData: keepPreviousData
  })
  const { data: people } = useQuery({ ...membersQuery, enabled: isSearch && seesOthers })
  const fixed = matchCommands(fixedCommands(role, { navigate, showShortcuts }), typed)
  if (!isSearch) return fixed
  const met = (people ?? []).filter(({ name, email }) => isFound(`${name} ${email}`, q)).slice(0, MOST_PEOPLE)
  return [
    ...fixed,
    requestCommands(found?.items ?? [], { q, navigate }),
    ...(met.length > 0 ? [personCommands(met, { navigate })] : [])
  ]
}
