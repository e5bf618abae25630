import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Plugin, rolldown } from 'rolldown'
import { stampOf } from '../src/lib/build-stamp.ts'

/*
 * Builds `src` and the packages it uses into `dist/program`, two folders below the checkout as every file of `src/<folder>` is,
 * so that what is found from there is found from here. See docs/decisions/0036-a-build-that-is-never-stale.md.
 */

/** Packages that bring files of their own: native code, and WebAssembly. */
const AS_INSTALLED = [/^sharp$/, /^@contentauth\/c2pa-wasm/]
/** Where npm writes down what it installed; absent where the packages came otherwise. */
const INSTALLED = 'node_modules/.package-lock.json'
const WORKER = /new URL\('\.\/([a-z0-9-]+)\.ts', import\.meta\.url\)/g

/** Builds the file of each thread as an entry of its own beside the others, and names it where the thread is started. */
const threads: Plugin = {
  name: 'threads',
  transform: {
    filter: { code: WORKER },
    async handler(code, importer) {
      for (const [, name] of code.matchAll(WORKER)) {
        const file = await this.resolve(`./${name}.ts`, importer)
        if (!file) throw new Error(`${importer} starts ${name}.ts, which is not there`)
        this.emitFile({ type: 'chunk', id: file.id, fileName: `${name}.js` })
      }
      return { code: code.replace(WORKER, "new URL('./$1.js', import.meta.url)"), map: null }
    }
  }
}

export async function buildProgram(root: URL): Promise<void> {
  const folder = fileURLToPath(root)
  const remove = (name: string) => rmSync(new URL(name, root), { recursive: true, force: true })
  remove('dist/program-next')
  await using bundle = await rolldown({
    cwd: folder,
    input: { start: 'src/start.ts' },
    platform: 'node',
    external: AS_INSTALLED,
    plugins: [threads]
  })
  const { output } = await bundle.write({
    dir: `${folder}dist/program-next`,
    sourcemap: true,
    // V8 holds a text in two bytes a character as soon as one of them needs two, and comments with it.
    charset: 'ascii',
    comments: false
  })
  const used = output
    .flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []))
    .map((id) => relative(folder, id).split(sep).join('/'))
    .filter((path) => path.startsWith('src/') || path === 'package.json')
  const others = ['scripts/build-program.ts', INSTALLED].filter((path) => existsSync(new URL(path, root)))
  const stamp = stampOf(root, [...new Set([...used, ...others])].sort())
  writeFileSync(new URL('dist/program-next/stamp.json', root), JSON.stringify(stamp))
  // Whole or not at all, for whoever starts it meanwhile.
  for (const old of ['dist/program', 'dist/compiled']) remove(old)
  renameSync(new URL('dist/program-next', root), new URL('dist/program', root))
}

if (import.meta.main) await buildProgram(new URL('..', import.meta.url))
