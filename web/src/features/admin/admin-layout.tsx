import { Link, Outlet } from '@tanstack/react-router'
import { ADMIN_PAGES } from '../../lib/admin-pages.ts'

/** Around the pages for admins: which of them there are. */
export const AdminLayout = () => (
  <>
    <nav aria-label="Admin" className="border-b border-line">
      <ul className="flex overflow-x-auto px-2 sm:px-6">
        {ADMIN_PAGES.map(({ to, label }) => (
          <li key={to} className="shrink-0">
            <Link
              to={to}
              className="-mb-px flex h-12 items-center border-b-2 border-transparent px-2.5 font-medium text-muted transition-colors hover:text-text focus-visible:-outline-offset-2"
              activeProps={{ className: 'border-accent! text-text!', 'aria-current': 'page' }}
            >
              {label}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
    <Outlet />
  </>
)
