import { KeyCap } from '../../components/ui/key-cap.tsx'
import { Dialog } from '../../components/ui/dialog.tsx'
import { COMMAND_KEY } from '../../lib/command-key.ts'

interface Shortcut {
  /** Pressed together, or where they are alternatives one of them. */
  keys: readonly string[]
  what: string
}

const SHORTCUTS: readonly { place: string; list: readonly Shortcut[] }[] = [
  {
    place: 'Everywhere',
    list: [
      { keys: [COMMAND_KEY, 'K'], what: 'Search images, pages and actions' },
      { keys: ['?'], what: 'This list' },
      { keys: ['Esc'], what: 'Close what is open' }
    ]
  },
  { place: 'Playground', list: [{ keys: [COMMAND_KEY, 'Enter'], what: 'Make what the form says' }] },
  {
    place: 'Gallery',
    list: [
      { keys: ['/'], what: 'Search' },
      { keys: ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'], what: 'To the next picture' },
      { keys: ['Enter'], what: 'Open it' },
      { keys: ['Del'], what: 'Delete it' }
    ]
  },
  {
    place: 'A request',
    list: [
      { keys: ['ArrowLeft', 'K'], what: 'The newer one' },
      { keys: ['ArrowRight', 'J'], what: 'The older one' }
    ]
  },
  {
    place: 'Painting a mask',
    list: [
      { keys: ['B', 'E'], what: 'Paint, erase' },
      { keys: ['[', ']'], what: 'A smaller, a larger brush' },
      { keys: ['I'], what: 'Invert' },
      { keys: ['+', '−', '0'], what: 'Nearer, farther, all of it' },
      { keys: [COMMAND_KEY, 'Z'], what: 'Undo' }
    ]
  }
]

/** Every key that does something beside what browsers do. */
export const ShortcutsDialog = ({ onClose }: { onClose: () => void }) => (
  <Dialog open wide onClose={onClose} title="Keyboard shortcuts">
    <div className="grid gap-x-10 gap-y-5 sm:grid-cols-2">
      {SHORTCUTS.map(({ place, list }) => (
        <section key={place} aria-label={place} className="flex flex-col gap-1">
          <h3 className="text-[13px] font-medium text-faint">{place}</h3>
          <dl className="flex flex-col">
            {list.map(({ keys, what }) => (
              <div key={what} className="flex min-h-8 items-center justify-between gap-4">
                <dt>{what}</dt>
                <dd className="flex shrink-0 gap-1">
                  {keys.map((key) => (
                    <KeyCap
                      key={key}
                      name={key}
                      className="h-6.5 min-w-6.5 rounded-md border border-line bg-surface px-1.5 text-xs text-muted"
                    />
                  ))}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  </Dialog>
)
