import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { createBrotliDecompress } from 'node:zlib'
import { extract } from 'tar-fs'

const CHROMIUM = 'node_modules/@sparticuz/chromium'
const CACHE = 'node_modules/.cache'
/** What is unpacked where; raised when that changes, so that what an earlier checkout unpacked is not taken for whole. */
const LAYOUT = 2

/** A chromium unpacked from its npm package, with the libraries and fonts it needs where the machine has none. */
export interface BrowserFiles {
  executable: string
  /** Of its environment: where its libraries are, and its fonts. Nothing else tells it of fonts. */
  env: Record<string, string>
}

/** The package holds a Linux program; elsewhere the machine's own Chrome is used. */
export const bringsBrowser = process.platform === 'linux' && process.arch === 'x64'

const fromRoot = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** The folder that holds all the browser needs. */
export async function browserFolder(): Promise<string> {
  const { version } = JSON.parse(await readFile(fromRoot(`${CHROMIUM}/package.json`), 'utf8')) as { version: string }
  return fromRoot(`${CACHE}/chromium-${version}-${LAYOUT}`)
}

/** Where the browser is once `unpackBrowser` has run. */
export async function browserFiles(): Promise<BrowserFiles> {
  const folder = await browserFolder()
  return {
    executable: join(folder, 'chromium'),
    env: {
      FONTCONFIG_PATH: folder,
      FONTCONFIG_FILE: join(folder, 'fonts.conf'),
      LD_LIBRARY_PATH: [join(folder, 'lib'), process.env.LD_LIBRARY_PATH].filter(Boolean).join(':')
    }
  }
}

/**
 * Unpacks the browser once per version. It is complete or not there: it is unpacked beside its place and renamed, so that
 * neither a killed run nor two at once leave half of one.
 */
export async function unpackBrowser(): Promise<void> {
  const folder = await browserFolder()
  if (!(await stat(folder).catch(() => undefined))) await unpack(folder)
  await configureFonts(folder)
}

async function unpack(folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true })
  const unfinished = await mkdtemp(fromRoot(`${CACHE}/unpacking-`))
  const read = (name: string) => createReadStream(fromRoot(`${CHROMIUM}/bin/${name}.br`))
  // The archives name owners of another machine, who need not be here, and whom a user namespace does not know.
  const into = (path: string) => extract(join(unfinished, path), { chown: false })
  await Promise.all([
    pipeline(
      read('chromium'),
      createBrotliDecompress(),
      createWriteStream(join(unfinished, 'chromium'), { mode: 0o755 })
    ),
    pipeline(read('al2023.tar'), createBrotliDecompress(), into('.')),
    pipeline(read('swiftshader.tar'), createBrotliDecompress(), into('.')),
    pipeline(read('fonts.tar'), createBrotliDecompress(), into('fonts'))
  ])
  await rename(unfinished, folder).catch(async (error: NodeJS.ErrnoException) => {
    await rm(unfinished, { recursive: true })
    // Another run was quicker.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
  })
}

/**
 * The configuration that the package brings looks for fonts in places of another system and below the folder of temporary
 * files. Ours names those of this folder, wherever it is now: a checkout may have been moved or copied.
 */
async function configureFonts(folder: string): Promise<void> {
  const path = join(folder, 'fonts.conf')
  const text = fontConfiguration(folder)
  if ((await readFile(path, 'utf8').catch(() => undefined)) === text) return
  const unfinished = await mkdtemp(join(folder, 'writing-'))
  await writeFile(join(unfinished, 'fonts.conf'), text)
  await rename(join(unfinished, 'fonts.conf'), path)
  await rm(unfinished, { recursive: true })
}

/** A configuration for fontconfig that knows the fonts of this folder alone, and keeps what it finds out about them in it. */
export function fontConfiguration(folder: string): string {
  const inXml = (path: string) => path.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${inXml(join(folder, 'fonts'))}</dir>
  <cachedir>${inXml(join(folder, 'fonts-cache'))}</cachedir>
</fontconfig>
`
}
