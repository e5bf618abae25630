import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const CHROMIUM = 'node_modules/@sparticuz/chromium'
const CACHE = 'node_modules/.cache'

/** A chromium unpacked from its npm package, with the libraries and fonts it needs where the machine has none. */
export interface BrowserFiles {
  executable: string
  env: Record<string, string>
}

/** The package holds a Linux program; elsewhere the machine's own Chrome is used. */
export const bringsBrowser = process.platform === 'linux' && process.arch === 'x64'

const fromRoot = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** Where the browser is once `unpackBrowser` has run. */
export async function browserFiles(): Promise<BrowserFiles> {
  const { version } = JSON.parse(await readFile(fromRoot(`${CHROMIUM}/package.json`), 'utf8')) as { version: string }
  const folder = fromRoot(`${CACHE}/chromium-${version}`)
  return {
    executable: join(folder, 'chromium'),
    env: {
      FONTCONFIG_PATH: join(folder, 'fonts'),
      LD_LIBRARY_PATH: [join(folder, 'al2023', 'lib'), process.env.LD_LIBRARY_PATH].filter(Boolean).join(':')
    }
  }
}

/**
 * Unpacks the browser once per version. It is complete or not there: it is unpacked beside its place and renamed, so that
 * neither a killed run nor two at once leave half of one.
 */
export async function unpackBrowser(): Promise<void> {
  const { executable } = await browserFiles()
  if (await stat(executable).catch(() => undefined)) return
  await mkdir(fromRoot(CACHE), { recursive: true })
  const unfinished = await mkdtemp(fromRoot(`${CACHE}/unpacking-`))
  // The package unpacks into the folder of temporary files, and its libraries only where it believes to be on Lambda.
  const env = { ...process.env, TMPDIR: unfinished, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' }
  const program = "import('@sparticuz/chromium').then(({ default: chromium }) => chromium.executablePath())"
  await promisify(execFile)(process.execPath, ['-e', program], { cwd: fromRoot('.'), env })
  await rename(unfinished, dirname(executable)).catch(async (error: NodeJS.ErrnoException) => {
    await rm(unfinished, { recursive: true })
    // Another run was quicker.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
  })
}
