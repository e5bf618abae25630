import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { bringsBrowser, browserFiles, browserFolder, fontConfiguration } from './browser-files.ts'
import { startBrowser } from './visitor.ts'

let empty: string

beforeEach(async () => {
  empty = await mkdtemp(join(tmpdir(), 'inference-club-empty-'))
  for (const name of ['TMPDIR', 'HOME', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME']) vi.stubEnv(name, empty)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(empty, { recursive: true })
})

describe.runIf(bringsBrowser)('the browser that npm brought', () => {
  it('draws text with the fonts that came with it, where the machine has none, and leaves nothing behind', async () => {
    const browser = await startBrowser()
    const page = await browser.newPage()
    await page.setContent('<p style="display: inline-block">in the snow at sunrise</p>')
    const box = await page.locator('p').boundingBox()
    expect(box?.height).toBeGreaterThan(8)
    expect(box?.width).toBeGreaterThan(80)

    const devtools = await page.context().newCDPSession(page)
    await devtools.send('DOM.enable')
    await devtools.send('CSS.enable')
    const { root } = await devtools.send('DOM.getDocument')
    const { nodeId } = await devtools.send('DOM.querySelector', { nodeId: root.nodeId, selector: 'p' })
    const { fonts } = await devtools.send('CSS.getPlatformFontsForNode', { nodeId })
    expect(fonts.map(({ familyName }) => familyName)).toEqual(['Open Sans'])

    await browser.close()
    expect(await readdir(empty)).toEqual([])
  })

  it('is told of the fonts in its own folder, and of no other place', async () => {
    const folder = await browserFolder()
    const { env } = await browserFiles()
    const text = await readFile(env.FONTCONFIG_FILE ?? '', 'utf8')
    expect(text).toBe(fontConfiguration(folder))
    const named = [...text.matchAll(/>(\/[^<]*)</g)].map(([, path]) => path)
    expect(named).toEqual([join(folder, 'fonts'), join(folder, 'fonts-cache')])
    expect((await readdir(join(folder, 'fonts'), { recursive: true })).some((name) => name.endsWith('.ttf'))).toBe(true)
  })
})

it('a configuration of fonts holds any path a checkout may have', () => {
  const text = fontConfiguration('/home/ada & ben/<new>')
  expect(text).toContain('<dir>/home/ada &amp; ben/&lt;new&gt;/fonts</dir>')
})
