import { useNavigate } from '@tanstack/react-router'
import { BookOpen, ChevronsUpDown, LifeBuoy, LogOut, Monitor, Moon, ScanSearch, Sun, UserRound } from 'lucide-react'
import { Menu } from '../components/ui/menu.tsx'
import { basePath } from '../lib/base-path.ts'
import { useSession } from '../lib/session.ts'
import { setTheme, useTheme } from '../lib/theme.ts'
import { signOut } from './sign-out.ts'

const NEXT_THEME = {
  auto: { theme: 'light', label: 'Theme: as the system', icon: Monitor },
  light: { theme: 'dark', label: 'Theme: light', icon: Sun },
  dark: { theme: 'auto', label: 'Theme: dark', icon: Moon }
} as const

/** Who is signed in, and what concerns them. */
export function PersonMenu() {
  const person = useSession().data?.person
  const navigate = useNavigate()
  const next = NEXT_THEME[useTheme()]
  if (!person) return null
  return (
    <Menu
      trigger={
        <button
          type="button"
          className="flex h-11 w-full items-center gap-2.5 rounded-lg px-2 text-left transition-colors hover:bg-hover"
        >
          <span
            aria-hidden
            className="flex size-7 shrink-0 items-center justify-center rounded-full bg-accent-soft text-xs font-semibold text-accent uppercase"
          >
            {person.name.slice(0, 1)}
          </span>
          <span className="sr-only">Account of</span>
          <span className="min-w-0 flex-1 flex-col leading-tight max-md:sr-only md:flex">
            <span className="truncate font-medium">{person.name}</span>
            <span className="truncate text-xs text-faint">{person.email}</span>
          </span>
          <ChevronsUpDown className="hidden size-4 text-faint md:block" aria-hidden />
        </button>
      }
      entries={[
        { label: 'Account', icon: UserRound, onSelect: () => void navigate({ to: '/account' }) },
        { label: next.label, icon: next.icon, onSelect: () => setTheme(next.theme) },
        {
          label: 'API reference',
          icon: BookOpen,
          onSelect: () => void window.open(`${basePath}/docs`, '_blank', 'noopener')
        },
        {
          label: 'Guides',
          icon: LifeBuoy,
          onSelect: () => void window.open(`${basePath}/guides`, '_blank', 'noopener')
        },
        {
          label: 'Was this made here?',
          icon: ScanSearch,
          onSelect: () => void navigate({ to: '/provenance' })
        },
        { label: 'Sign out', icon: LogOut, onSelect: signOut }
      ]}
    />
  )
}
