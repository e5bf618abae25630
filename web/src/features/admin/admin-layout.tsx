import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useLocation } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { Badge } from '../../components/ui/badge.tsx'
import { formatNumber } from '../../lib/format.ts'
import { ADMIN_PAGES } from '../../lib/admin-pages.ts'
import { reportsQuery } from './reports/api.ts'

/** Around the pages for admins: which of them there are. */
export function AdminLayout() {
  const pages = useRef<HTMLUListElement>(null)
  const { pathname } = useLocation()
  // On a phone there is room for some of them.
  useEffect(() => {
    pages.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [pathname])
  return (
    <>
      <nav aria-label="Admin" className="border-b border-line">
        <ul ref={pages} className="flex overflow-x-auto px-2 sm:px-6">
          {ADMIN_PAGES.map(({ to, label }) => (
            <li key={to} className="shrink-0">
              <Link
                to={to}
                className="-mb-px flex h-12 items-center gap-1.5 border-b-2 border-transparent px-2.5 font-medium text-muted transition-colors hover:text-text focus-visible:-outline-offset-2"
                activeProps={{ className: 'border-accent! text-text!', 'aria-current': 'page' }}
              >
                {label}
                {to === '/admin/reports' && <OpenReports />}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <Outlet />
    </>
  )
}

/** How many reports wait for an admin. */
function OpenReports() {
  const { data } = useQuery(reportsQuery)
  return data && data.open > 0 ? <Badge look="warn">{formatNumber(data.open)}</Badge> : null
}
