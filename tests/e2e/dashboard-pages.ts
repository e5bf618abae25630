import type { Page } from 'playwright-core'
import { plainPng } from '../support/pictures.ts'
import { waitFor } from '../support/wait-for.ts'
import type { Stage } from './stage.ts'

/** A page of the dashboard in a state worth looking at. */
export interface DashboardPage {
  /** Of its screenshot. */
  name: string
  path: (stage: Stage) => string
  /** Who looks: an admin unless said otherwise. */
  as?: 'ada' | 'ben' | 'mara' | 'nobody'
  /** What to do when it is there. */
  then?: (page: Page) => Promise<void>
}

export const DASHBOARD_PAGES: readonly DashboardPage[] = [
  { name: 'sign-in', path: () => '/sign-in', as: 'nobody' },
  { name: 'provenance', path: () => '/provenance', as: 'nobody' },
  {
    name: 'provenance-answer',
    path: () => '/provenance',
    as: 'mara',
    then: async (page) => {
      const buffer = await plainPng({ width: 64, height: 48 }, [40, 80, 160])
      await page.getByLabel('Picture to check').setInputFiles({ name: 'fox.png', mimeType: 'image/png', buffer })
      await page.getByRole('heading', { name: 'Nothing says that it was' }).waitFor()
    }
  },
  { name: 'overview', path: () => '/' },
  {
    name: 'playground',
    path: () => '/playground',
    as: 'mara',
    then: (page) => page.getByLabel('Prompt', { exact: true }).fill('a red fox in the snow at sunrise')
  },
  { name: 'playground-running', path: () => '/playground' },
  { name: 'gallery', path: () => '/requests' },
  { name: 'request', path: (stage) => `/requests/${stage.requests.done}` },
  {
    name: 'request-edited',
    path: (stage) => `/requests/${stage.requests.edited}`,
    then: async (page) => {
      await page.getByRole('heading', { name: 'Revised prompt' }).waitFor()
      await page.getByRole('button', { name: 'Copy the revised prompt' }).waitFor()
    }
  },
  { name: 'request-failed', path: (stage) => `/requests/${stage.requests.failed}` },
  { name: 'request-running', path: (stage) => `/requests/${stage.requests.running}` },
  { name: 'queue', path: () => '/queue' },
  { name: 'usage', path: () => '/usage' },
  { name: 'keys', path: () => '/keys' },
  { name: 'account', path: () => '/account' },
  { name: 'network', path: () => '/network' },
  { name: 'network-models', path: () => '/network?view=models' },
  { name: 'provider', path: ({ provider }) => `/network/${provider}` },
  {
    name: 'provider-faults',
    path: ({ faultyProvider }) => `/network/${faultyProvider}`,
    then: async (page) => {
      await page.getByText(/×3$/).waitFor()
      await page.getByRole('button', { name: 'Show each' }).click()
    }
  },
  {
    name: 'provider-terms',
    path: ({ provider }) => `/network/${provider}`,
    then: async (page) => {
      await page.getByRole('button', { name: 'Change whom it serves' }).click()
      await page.getByRole('combobox', { name: 'Whom does it serve?' }).click()
      await page.getByRole('option', { name: 'A few people' }).click()
      await page.getByLabel('Find people').fill('lind')
      await page.getByRole('checkbox', { name: 'Mara Lind' }).click()
      await page.getByRole('button', { name: 'Take Mara Lind out' }).waitFor()
    }
  },
  { name: 'people', path: () => '/admin/people' },
  { name: 'system', path: () => '/admin/system' },
  { name: 'errors', path: () => '/admin/errors' },
  { name: 'reports', path: () => '/admin/reports' },
  { name: 'webhooks', path: () => '/admin/webhooks' },
  { name: 'settings', path: () => '/admin/settings' },
  {
    name: 'palette',
    path: () => '/',
    then: async (page) => {
      await page.getByRole('button', { name: 'Search', exact: true }).click()
      await page.getByRole('combobox', { name: 'Search and commands' }).fill('lovelace')
      await page.getByRole('option', { name: /Ada Lovelace/ }).waitFor()
    }
  },
  {
    name: 'shortcuts',
    path: () => '/queue',
    then: async (page) => {
      await page.keyboard.press('?')
      await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
    }
  },
  {
    name: 'not-found',
    path: () => '/nowhere/at/all',
    then: async (page) => {
      await page.getByText('There is no such page').waitFor()
      await page.getByRole('link', { name: 'Gallery', exact: true }).first().waitFor({ state: 'attached' })
    }
  }
]

/** Goes there and waits until what it shows is shown: its heading, no skeleton, every picture in view. */
export async function visit(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await page.getByRole('heading', { level: 1 }).waitFor()
  await settled(page)
}

/** True in a page that loads nothing any more that a reader would wait for. */
const IS_SETTLED = `
  document.querySelector('[data-skeleton]') === null &&
  document.fonts.status === 'loaded' &&
  [...document.images].every((image) => {
    const { top, bottom } = image.getBoundingClientRect()
    return image.complete || top > innerHeight || bottom < 0
  })`

/** Asked from outside: the page's own policy forbids what the browser driver's waiting would evaluate in it. */
export const settled = async (page: Page): Promise<void> =>
  void (await waitFor(() => page.evaluate<boolean>(IS_SETTLED)))
