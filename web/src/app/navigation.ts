import {
  ChartColumn,
  House,
  Images,
  KeyRound,
  ListOrdered,
  type LucideIcon,
  Network,
  ShieldCheck,
  Wand2
} from 'lucide-react'
import type { Role } from '../../../src/http/dashboard/contract/session.ts'

export interface NavigationEntry {
  to: '/' | '/playground' | '/requests' | '/queue' | '/network' | '/usage' | '/keys' | '/admin'
  label: string
  icon: LucideIcon
  /** Who has the page; absent: everybody. */
  role?: Role
}

/** The pages in the order of the sidebar. */
const NAVIGATION: readonly NavigationEntry[] = [
  { to: '/', label: 'Overview', icon: House },
  { to: '/playground', label: 'Playground', icon: Wand2 },
  { to: '/requests', label: 'Gallery', icon: Images },
  { to: '/queue', label: 'Queue', icon: ListOrdered },
  { to: '/network', label: 'Network', icon: Network },
  { to: '/usage', label: 'Usage', icon: ChartColumn },
  { to: '/keys', label: 'API keys', icon: KeyRound },
  { to: '/admin', label: 'Admin', icon: ShieldCheck, role: 'admin' }
]

export const navigationOf = (role: Role): readonly NavigationEntry[] =>
  NAVIGATION.filter((entry) => entry.role === undefined || entry.role === role)
