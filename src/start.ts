import { readFileSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'
import { type BuildStamp, isCurrent } from './lib/build-stamp.ts'

/*
 * Where the built program begins. It runs what was built if that was made of the sources that are there, and else the
 * sources, so that nobody who edits one, or pulls, runs what was before. What V8 compiles is kept beside it, in a folder of
 * this checkout: Node's own would be one that all users of a machine share.
 */
const root = new URL('../../', import.meta.url)
enableCompileCache(fileURLToPath(new URL('dist/compiled', root)))
const stamp = JSON.parse(readFileSync(new URL('stamp.json', import.meta.url), 'utf8')) as BuildStamp
if (isCurrent(root, stamp)) await import('./main.ts')
else await import(new URL('src/main.ts', root).href)
