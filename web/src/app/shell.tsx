import { Link, Outlet, useLocation, useNavigate, useRouter } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { Ellipsis } from 'lucide-react'
import { Suspense, useEffect } from 'react'
import type { Role } from '../../../src/http/dashboard/contract/session.ts'
import { ClubSign } from '../components/club-sign.tsx'
import { Menu } from '../components/ui/menu.tsx'
import { Skeleton } from '../components/ui/states.tsx'
import { followVisibility, live } from '../lib/live.ts'
import { useSession } from '../lib/session.ts'
import { ConnectionNote } from './connection-note.tsx'
import { type NavigationEntry, navigationOf } from './navigation.ts'
import { Palette } from './palette/palette.tsx'
import { PersonMenu } from './person-menu.tsx'

/** Around every page of somebody who is signed in; of nobody else nothing is shown, until the sign-in page is. */
export function Shell() {
  const person = useSession().data?.person
  useLeaveWhenSignedOut()
  return person ? <Frame role={person.role} /> : <PageSkeleton />
}

/** A sidebar, on phones a bar at the bottom. */
function Frame({ role }: { role: Role }) {
  const entries = navigationOf(role)
  useLoadedPages(role)
  useEffect(() => {
    live.start()
    const stopFollowing = followVisibility(document)
    return () => {
      stopFollowing()
      live.stop()
    }
  }, [])
  return (
    <div className="min-h-dvh md:grid md:grid-cols-[14rem_1fr]">
      <a
        href="#content"
        className="sr-only z-50 rounded-lg bg-accent px-4 py-2 text-on-accent focus:not-sr-only focus:fixed focus:top-3 focus:left-3"
      >
        Skip to the content
      </a>
      <header className="sticky top-0 z-20 flex items-center justify-between border-b border-line bg-canvas px-4 py-2 md:fixed md:inset-y-0 md:left-0 md:w-56 md:flex-col md:items-stretch md:justify-start md:gap-4 md:border-r md:border-b-0 md:p-3">
        <Link to="/" className="flex h-10 min-w-0 items-center gap-2.5 rounded-lg px-2 font-semibold tracking-tight">
          <ClubSign />
        </Link>
        <div className="ml-auto md:ml-0">
          <Palette />
        </div>
        <nav aria-label="Pages" className="hidden flex-col gap-0.5 md:flex">
          {entries.map(({ to, label, icon: Icon }) => (
            <Link
              key={to}
              to={to}
              activeOptions={exactly(to)}
              className="flex h-9 items-center gap-2.5 rounded-lg px-2.5 font-medium text-muted transition-colors hover:bg-hover hover:text-text"
              activeProps={{ className: 'bg-hover text-text!', 'aria-current': 'page' }}
            >
              <Icon className="size-4.5" aria-hidden />
              {label}
            </Link>
          ))}
        </nav>
        <div className="md:mt-auto">
          <PersonMenu />
        </div>
      </header>
      <ConnectionNote />
      <main id="content" tabIndex={-1} className="min-w-0 pb-20 outline-none md:col-start-2 md:pb-0">
        <Suspense fallback={<PageSkeleton />}>
          <Outlet />
        </Suspense>
      </main>
      <BottomBar entries={entries} />
    </div>
  )
}

/** As many as fit beside each other on a phone; the others are behind a button. */
const MOST_IN_BAR = 4
const barItemClass = 'flex min-h-14 flex-1 flex-col items-center justify-center gap-0.5 text-xs text-muted'

function BottomBar({ entries }: { entries: readonly NavigationEntry[] }) {
  const navigate = useNavigate()
  const { pathname } = useLocation()
  const more = entries.slice(MOST_IN_BAR)
  const isWithinMore = more.some(({ to }) => pathname.startsWith(to))
  return (
    <nav
      aria-label="Pages"
      className="fixed inset-x-0 bottom-0 z-20 flex justify-around border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {entries.slice(0, MOST_IN_BAR).map(({ to, label, icon: Icon }) => (
        <Link
          key={to}
          to={to}
          activeOptions={exactly(to)}
          className={barItemClass}
          activeProps={{ className: 'text-accent! font-medium', 'aria-current': 'page' }}
        >
          <Icon className="size-5" aria-hidden />
          {label}
        </Link>
      ))}
      <Menu
        trigger={
          <button type="button" className={clsx(barItemClass, isWithinMore && 'font-medium text-accent!')}>
            <Ellipsis className="size-5" aria-hidden />
            More
          </button>
        }
        entries={more.map(({ to, label, icon }) => ({ label, icon, onSelect: () => void navigate({ to }) }))}
      />
    </nav>
  )
}

/** Every path begins like that of the first page. */
const exactly = (to: NavigationEntry['to']) => ({ exact: to === '/' })

const PageSkeleton = () => (
  <div className="flex max-w-[88rem] flex-col gap-6 px-4 py-6 sm:px-8">
    <Skeleton className="h-9 w-48" />
    <Skeleton className="h-96" />
  </div>
)

/** Long enough for the page that was opened to have all it needs. */
const LOAD_OTHERS_AFTER_MS = 2000

/** Loads the code of the other pages ahead: they can be looked at also while the gateway does not answer. */
function useLoadedPages(role: Role): void {
  const router = useRouter()
  useEffect(() => {
    const timer = setTimeout(() => {
      // One that cannot be loaded now is loaded when it is opened.
      for (const { to } of navigationOf(role)) router.preloadRoute({ to }).catch(() => undefined)
    }, LOAD_OTHERS_AFTER_MS)
    return () => clearTimeout(timer)
  }, [role, router])
}

/** When the session ends while a page is open (signed out in another tab, shut out, expired). */
function useLeaveWhenSignedOut(): void {
  const { data } = useSession()
  const navigate = useNavigate()
  const router = useRouter()
  const gone = data !== undefined && data.person === null
  useEffect(() => {
    if (gone) void navigate({ to: '/sign-in', search: { next: router.state.location.href, ended: true } })
  }, [gone, navigate, router])
}
