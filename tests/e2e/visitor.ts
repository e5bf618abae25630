import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { type BrowserFiles, bringsBrowser, browserFiles } from './browser-files.ts'

const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--font-render-hinting=none'
]

export const DESKTOP = { width: 1440, height: 900 }
export const PHONE = { width: 390, height: 844 }

/** Chromium now and then dies of itself before it has begun, about once in a thousand starts; that is no test's finding. */
const MOST_STARTS = 3

/**
 * Starts the browser that npm brought. It knows nothing of this machine: its home is a temporary folder, which goes with it,
 * and of the environment it gets only where programs are.
 *
 * @throws what the last of `MOST_STARTS` tries to start it ended with
 */
export async function startBrowser(): Promise<Browser> {
  if (!bringsBrowser) return chromium.launch({ channel: 'chrome' })
  const files = await browserFiles()
  for (let left = MOST_STARTS - 1; ; left--) {
    const home = await mkdtemp(join(tmpdir(), 'inference-club-browser-'))
    const leave = () => rmSync(home, { recursive: true, force: true })
    try {
      const browser = await launchIn(home, files)
      browser.on('disconnected', leave)
      return browser
    } catch (error) {
      leave()
      if (left === 0) throw error
    }
  }
}

const launchIn = (home: string, { executable, env }: BrowserFiles): Promise<Browser> =>
  chromium.launch({
    executablePath: executable,
    args: QUIET,
    env: {
      PATH: process.env.PATH,
      HOME: home,
      TMPDIR: home,
      XDG_CACHE_HOME: join(home, 'cache'),
      XDG_CONFIG_HOME: join(home, 'config'),
      XDG_DATA_HOME: join(home, 'data'),
      XDG_RUNTIME_DIR: home,
      ...env
    }
  })

export interface VisitorOptions {
  /** The gateway's address; paths are relative to it. */
  url: string
  /** A `cookie` header of somebody signed in. */
  cookie?: string
  theme?: 'light' | 'dark'
  viewport?: { width: number; height: number }
}

export interface Visitor {
  context: BrowserContext
  page: Page
  /** What the page complained about: uncaught errors and console errors. A test may take expected ones out. */
  complaints: string[]
  close(): Promise<void>
}

/** A fresh profile with one page, as one person has it. */
export async function openVisitor(browser: Browser, options: VisitorOptions): Promise<Visitor> {
  const viewport = options.viewport ?? DESKTOP
  const isPhone = viewport.width < 600
  const context = await browser.newContext({
    baseURL: options.url,
    viewport,
    colorScheme: options.theme ?? 'light',
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    reducedMotion: 'reduce',
    acceptDownloads: true,
    ...(isPhone && { hasTouch: true, isMobile: true, deviceScaleFactor: 2 })
  })
  if (options.cookie !== undefined) await context.addCookies(cookiesOf(options.cookie, options.url))
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  return { context, page, complaints, close: () => context.close() }
}

const cookiesOf = (header: string, url: string) =>
  header.split('; ').map((pair) => {
    const [name = '', ...value] = pair.split('=')
    return { name, value: value.join('='), url, httpOnly: true, sameSite: 'Lax' as const }
  })
