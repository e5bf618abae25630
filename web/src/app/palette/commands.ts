import type { useNavigate } from '@tanstack/react-router'
import {
  BookOpen,
  Image as ImageIcon,
  KeyRound,
  Keyboard,
  LifeBuoy,
  LogOut,
  type LucideIcon,
  Monitor,
  Moon,
  PlugZap,
  ScanSearch,
  Search,
  ShieldCheck,
  Sun,
  UserRound,
  UserRoundPlus,
  Wand2
} from 'lucide-react'
import type { PersonInfo } from '../../../../src/http/dashboard/contract/admin.ts'
import type { RequestSummary } from '../../../../src/http/dashboard/contract/requests.ts'
import type { Role } from '../../../../src/http/dashboard/contract/session.ts'
import { ADMIN_PAGES } from '../../lib/admin-pages.ts'
import { basePath } from '../../lib/base-path.ts'
import { setTheme } from '../../lib/theme.ts'
import { navigationOf } from '../navigation.ts'
import { signOut } from '../sign-out.ts'
import { isFound } from './is-found.ts'

/** Something that can be done from anywhere, by its name. */
export interface Command {
  id: string
  label: string
  /** Beside the name: what else is known of it. */
  detail?: string
  /** Further words it is found by. */
  words?: string
  icon: LucideIcon
  run: () => void
}

export interface CommandGroup {
  label: string
  items: Command[]
}

export interface CommandHands {
  navigate: ReturnType<typeof useNavigate>
  showShortcuts: () => void
}

const openBeside = (path: string) => () => void window.open(`${basePath}${path}`, '_blank', 'noopener')

/** What can be done and where one can go, whatever is searched for. */
export function fixedCommands(role: Role, { navigate, showShortcuts }: CommandHands): CommandGroup[] {
  const isAdmin = role === 'admin'
  const actions: Command[] = [
    {
      id: 'new-image',
      label: 'New image',
      words: 'generate make picture prompt',
      icon: Wand2,
      run: () => void navigate({ to: '/playground' })
    },
    {
      id: 'new-key',
      label: 'New API key',
      words: 'create token secret',
      icon: KeyRound,
      run: () => void navigate({ to: '/keys', search: { dialog: 'new' } })
    },
    {
      id: 'connect',
      label: 'Connect a machine',
      words: 'gpu agent provider add',
      icon: PlugZap,
      run: () => void navigate({ to: '/network', search: { dialog: 'connect' } })
    },
    {
      id: 'provenance',
      label: 'Was this picture made here?',
      words: 'provenance check c2pa content credentials mark ai',
      icon: ScanSearch,
      run: () => void navigate({ to: '/provenance' })
    },
    ...(isAdmin
      ? [
          {
            id: 'invite',
            label: 'Invite somebody',
            words: 'people friend invitation link',
            icon: UserRoundPlus,
            run: () => void navigate({ to: '/admin/people', search: { dialog: 'invite' } })
          }
        ]
      : [])
  ]
  const pages: Command[] = [
    ...navigationOf(role).map(({ to, label, icon }) => ({ id: to, label, icon, run: () => void navigate({ to }) })),
    ...(isAdmin
      ? ADMIN_PAGES.map(({ to, label }) => ({
          id: to,
          label,
          detail: 'Admin',
          words: 'admin',
          icon: ShieldCheck,
          run: () => void navigate({ to })
        }))
      : []),
    {
      id: '/account',
      label: 'Account',
      words: 'name password sign-in',
      icon: UserRound,
      run: () => void navigate({ to: '/account' })
    }
  ]
  const rest: Command[] = [
    { id: 'light', label: 'Light theme', words: 'appearance bright', icon: Sun, run: () => setTheme('light') },
    { id: 'dark', label: 'Dark theme', words: 'appearance night', icon: Moon, run: () => setTheme('dark') },
    { id: 'auto', label: 'Theme of the system', words: 'appearance auto', icon: Monitor, run: () => setTheme('auto') },
    { id: 'shortcuts', label: 'Keyboard shortcuts', words: 'keys help', icon: Keyboard, run: showShortcuts },
    { id: 'docs', label: 'API reference', words: 'documentation openapi', icon: BookOpen, run: openBeside('/docs') },
    { id: 'guides', label: 'Guides', words: 'documentation help', icon: LifeBuoy, run: openBeside('/guides') },
    { id: 'sign-out', label: 'Sign out', words: 'log out leave', icon: LogOut, run: signOut }
  ]
  return [
    { label: 'Actions', items: actions },
    { label: 'Pages', items: pages },
    { label: 'More', items: rest }
  ]
}

/** Requests that were found, and the way to all of them. */
export const requestCommands = (
  found: readonly RequestSummary[],
  { q, navigate }: Pick<CommandHands, 'navigate'> & { q: string }
): CommandGroup => ({
  label: 'Images',
  items: [
    ...found.map((request) => ({
      id: request.id,
      label: request.prompt || 'Variation',
      detail: request.model,
      icon: ImageIcon,
      run: () => void navigate({ to: '/requests/$id', params: { id: request.id } })
    })),
    {
      id: 'search',
      label: `Search the gallery for “${q}”`,
      icon: Search,
      run: () => void navigate({ to: '/requests', search: { q } })
    }
  ]
})

/** People that were found lead to what they made. */
export const personCommands = (
  found: readonly PersonInfo[],
  { navigate }: Pick<CommandHands, 'navigate'>
): CommandGroup => ({
  label: 'People',
  items: found.map(({ id, name, email }) => ({
    id,
    label: name,
    detail: email,
    icon: UserRound,
    run: () => void navigate({ to: '/requests', search: { owner: id } })
  }))
})

/** The commands whose names or words begin with what was typed; groups without any go. */
export const matchCommands = (groups: readonly CommandGroup[], typed: string): CommandGroup[] =>
  groups
    .map((group) => ({
      ...group,
      items: group.items.filter(({ label, detail = '', words = '' }) => isFound(`${label} ${detail} ${words}`, typed))
    }))
    .filter(({ items }) => items.length > 0)
