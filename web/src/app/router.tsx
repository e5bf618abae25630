import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect
} from '@tanstack/react-router'
import { tell } from '../components/ui/toaster.tsx'
import { basePath } from '../lib/base-path.ts'
import { connection } from '../lib/connection.ts'
import { ownPath } from '../lib/own-path.ts'
import { parseRequestSearch } from '../lib/request-search.ts'
import { sessionQuery } from '../lib/session.ts'
import { parseUsageSearch } from '../lib/usage-search.ts'
import { NotFound, PageError } from './fallbacks.tsx'
import { queryClient } from './query-client.ts'
import { Shell } from './shell.tsx'

/** A page whose code is loaded when it is opened, or when the gateway is back. A release that has no such file any more reloads everything. */
const pageOf = <Module extends Record<string, unknown>>(load: () => Promise<Module>, name: keyof Module & string) =>
  lazyRouteComponent(() => connection.loadWhenThere(load), name)

const root = createRootRoute({ component: Outlet, errorComponent: PageError })

/**
 * Where a visitor wanted to go before signing in, only a path of ours; whether they have just deleted their account, and
 * whether they were signed out while a page was open.
 * What does not count is named as undefined: what a route does not name, the router leaves as it was.
 */
const signInSearch = (
  search: Record<string, unknown>
): { next?: string | undefined; error?: string | undefined; deleted?: true | undefined; ended?: true | undefined } => ({
  next: typeof search.next === 'string' ? ownPath(search.next, location.origin) : undefined,
  error: typeof search.error === 'string' ? search.error : undefined,
  deleted: search.deleted === true ? true : undefined,
  ended: search.ended === true ? true : undefined
})

/** A dialog that a page is opened with, from wherever one is. */
const dialogSearch =
  <Name extends string>(name: Name) =>
  (search: Record<string, unknown>): { dialog?: Name | undefined } => ({
    dialog: search.dialog === name ? name : undefined
  })

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: signInSearch,
  component: pageOf(() => import('../features/sign-in/sign-in-page.tsx'), 'SignInPage')
})

/** The token of an invitation is in the fragment, which browsers tell no server. */
const join = createRoute({
  getParentRoute: () => root,
  path: '/join',
  component: pageOf(() => import('../features/sign-in/join-page.tsx'), 'JoinPage')
})

/** Where the operator lets everybody ask, nobody needs to be signed in. */
const provenance = createRoute({
  getParentRoute: () => root,
  path: '/provenance',
  component: pageOf(() => import('../features/provenance/provenance-page.tsx'), 'ProvenancePage')
})

/** Everything that needs somebody to be signed in. */
const members = createRoute({
  getParentRoute: () => root,
  id: 'members',
  component: Shell,
  beforeLoad: async ({ location }) => {
    const { person } = await queryClient.ensureQueryData(sessionQuery)
    if (!person) throw redirect({ to: '/sign-in', search: { next: location.href } })
  }
})

const overview = createRoute({
  getParentRoute: () => members,
  path: '/',
  component: pageOf(() => import('../features/overview/overview-page.tsx'), 'OverviewPage')
})

const playground = createRoute({
  getParentRoute: () => members,
  path: '/playground',
  /** `from`: a request to begin with; `source`: an image to edit. */
  validateSearch: (search: Record<string, unknown>): { from?: string; source?: string } => ({
    ...(typeof search.from === 'string' && { from: search.from }),
    ...(typeof search.source === 'string' && { source: search.source })
  }),
  component: pageOf(() => import('../features/playground/playground-page.tsx'), 'PlaygroundPage')
})

const requests = createRoute({
  getParentRoute: () => members,
  path: '/requests',
  validateSearch: parseRequestSearch,
  component: pageOf(() => import('../features/requests/gallery/requests-page.tsx'), 'RequestsPage')
})

const request = createRoute({
  getParentRoute: () => members,
  path: '/requests/$id',
  component: pageOf(() => import('../features/requests/detail/request-page.tsx'), 'RequestPage')
})

const queue = createRoute({
  getParentRoute: () => members,
  path: '/queue',
  validateSearch: (search: Record<string, unknown>): { owner?: 'all' } =>
    search.owner === 'all' ? { owner: 'all' } : {},
  component: pageOf(() => import('../features/queue/queue-page.tsx'), 'QueuePage')
})

const keys = createRoute({
  getParentRoute: () => members,
  path: '/keys',
  validateSearch: dialogSearch('new'),
  component: pageOf(() => import('../features/keys/keys-page.tsx'), 'KeysPage')
})

const network = createRoute({
  getParentRoute: () => members,
  path: '/network',
  validateSearch: (search: Record<string, unknown>): { view?: 'models'; dialog?: 'connect' | undefined } => ({
    ...(search.view === 'models' && { view: 'models' }),
    ...dialogSearch('connect')(search)
  }),
  component: pageOf(() => import('../features/network/network-page.tsx'), 'NetworkPage')
})

const provider = createRoute({
  getParentRoute: () => members,
  path: '/network/$id',
  component: pageOf(() => import('../features/network/provider-page.tsx'), 'ProviderPage')
})

const usage = createRoute({
  getParentRoute: () => members,
  path: '/usage',
  validateSearch: parseUsageSearch,
  component: pageOf(() => import('../features/usage/usage-page.tsx'), 'UsagePage')
})

const account = createRoute({
  getParentRoute: () => members,
  path: '/account',
  /** `error`: linking a sign-in did not work. */
  validateSearch: (search: Record<string, unknown>): { error?: string | undefined } => ({
    error: typeof search.error === 'string' ? search.error : undefined
  }),
  component: pageOf(() => import('../features/account/account-page.tsx'), 'AccountPage')
})

/** Its pages share a row of tabs. Others than admins are sent away. */
const admin = createRoute({
  getParentRoute: () => members,
  path: '/admin',
  beforeLoad: async () => {
    const { person } = await queryClient.ensureQueryData(sessionQuery)
    if (person?.role === 'admin') return
    tell('That page is for admins', 'You were brought to the overview instead.')
    throw redirect({ to: '/', replace: true })
  },
  component: pageOf(() => import('../features/admin/admin-layout.tsx'), 'AdminLayout')
})

const adminHome = createRoute({
  getParentRoute: () => admin,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/admin/system', replace: true })
  }
})

const system = createRoute({
  getParentRoute: () => admin,
  path: '/system',
  component: pageOf(() => import('../features/admin/system/system-page.tsx'), 'SystemPage')
})

const people = createRoute({
  getParentRoute: () => admin,
  path: '/people',
  validateSearch: dialogSearch('invite'),
  component: pageOf(() => import('../features/people/people-page.tsx'), 'PeoplePage')
})

const errors = createRoute({
  getParentRoute: () => admin,
  path: '/errors',
  component: pageOf(() => import('../features/admin/errors/errors-page.tsx'), 'ErrorsPage')
})

const reports = createRoute({
  getParentRoute: () => admin,
  path: '/reports',
  component: pageOf(() => import('../features/admin/reports/reports-page.tsx'), 'ReportsPage')
})

const webhooks = createRoute({
  getParentRoute: () => admin,
  path: '/webhooks',
  component: pageOf(() => import('../features/admin/webhooks/webhooks-page.tsx'), 'WebhooksPage')
})

const settings = createRoute({
  getParentRoute: () => admin,
  path: '/settings',
  component: pageOf(() => import('../features/admin/settings/settings-page.tsx'), 'SettingsPage')
})

/** The short address of the list of people. */
const peopleShortcut = createRoute({
  getParentRoute: () => members,
  path: '/people',
  beforeLoad: () => {
    throw redirect({ to: '/admin/people', replace: true })
  }
})

/** Every other path: what is not there is said beside the navigation, to whoever is signed in. */
const nowhere = createRoute({ getParentRoute: () => members, path: '$', component: NotFound })

export const router = createRouter({
  routeTree: root.addChildren([
    signIn,
    join,
    provenance,
    members.addChildren([
      overview,
      playground,
      requests,
      request,
      queue,
      keys,
      network,
      provider,
      usage,
      account,
      admin.addChildren([adminHome, system, people, errors, reports, webhooks, settings]),
      peopleShortcut,
      nowhere
    ])
  ]),
  basepath: basePath === '' ? '/' : basePath,
  defaultPreload: 'intent',
  scrollRestoration: true
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
