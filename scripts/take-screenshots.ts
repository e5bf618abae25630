import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { bringsBrowser, unpackBrowser } from '../tests/e2e/browser-files.ts'
import { DASHBOARD_PAGES, settled, visit } from '../tests/e2e/dashboard-pages.ts'
import { setStage } from '../tests/e2e/stage.ts'
import { DESKTOP, openVisitor, PHONE, startBrowser } from '../tests/e2e/visitor.ts'

/**
 * Pictures of every page of the dashboard, light and dark, at desktop and phone width: `npm run screenshots [-- folder]`,
 * into `screenshots/` unless a folder is named. Those the README shows go to `docs/images/` as well.
 */
const folder = process.argv[2] ?? 'screenshots'
const SHOWN = ['playground-desktop-light', 'gallery-desktop-dark', 'request-desktop-light']
const VIEWPORTS = { desktop: DESKTOP, phone: PHONE }

await mkdir(folder, { recursive: true })
await mkdir('docs/images', { recursive: true })
if (bringsBrowser) await unpackBrowser()
const stage = await setStage()
const browser = await startBrowser()

for (const { name, path, as = 'ada', then } of DASHBOARD_PAGES) {
  for (const theme of ['light', 'dark'] as const) {
    for (const [device, viewport] of Object.entries(VIEWPORTS)) {
      const visitor = await openVisitor(browser, {
        url: stage.url,
        theme,
        viewport,
        ...(as !== 'nobody' && { cookie: stage[as].cookie })
      })
      await visit(visitor.page, path(stage))
      await then?.(visitor.page)
      await settled(visitor.page)
      const picture = await visitor.page.screenshot()
      const title = `${name}-${device}-${theme}`
      await sharp(picture).toFile(join(folder, `${title}.png`))
      if (SHOWN.includes(title)) await sharp(picture).webp({ quality: 82 }).toFile(`docs/images/${title}.webp`)
      await visitor.close()
    }
  }
}
await browser.close()
await stage.close()
