import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { picture } from '../support/agent-work.ts'
import { readError } from '../support/read-error.ts'
import { type RunningServer, startServer } from '../support/run-program.ts'
import { storedFiles } from '../support/stored-files.ts'
import { waitFor } from '../support/wait-for.ts'
import { failingFiles } from '../torture/inside/fail-files.ts'

const key = 'ic_a-key-of-this-test-alone-0123'
let folder: string
let server: RunningServer

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'failing-disk-'))
  const env = { INFERENCE_CLUB_DATA_DIR: join(folder, 'data'), INFERENCE_CLUB_BOOTSTRAP_API_KEY: key }
  server = await startServer({ env: { ...env, ...failingFiles(join(folder, 'failing')) } })
}, 30_000)
afterAll(async () => {
  await server.stop()
  await rm(folder, { recursive: true })
})

const call = (path: string, init: RequestInit = {}) =>
  fetch(`${server.url}${path}`, { ...init, headers: { authorization: `Bearer ${key}`, ...init.headers } })

it.each(['write', 'sync', 'rename'])(
  'that says EIO at %s refuses uploads, keeps nothing of them, and has images wait until it works again',
  async (step) => {
    const failing = join(folder, 'failing')
    const times = async () => (await readFile(`${failing}.times`, 'utf8').catch(() => '')).length
    const before = await storedFiles(join(folder, 'data'))
    await writeFile(failing, step)
    const form = new FormData()
    form.append('image', new Blob([new Uint8Array(await picture())], { type: 'image/png' }), 'a.png')
    form.append('prompt', 'a fox')
    form.append('model', 'demo')
    const refused = await call('/v1/images/edits', { method: 'POST', body: form })
    expect([refused.status, (await readError(refused)).code]).toEqual([503, 'storage_unavailable'])

    const json = { model: 'demo', prompt: 'a fox', size: '48x32', async: true }
    const headers = { 'content-type': 'application/json' }
    const sofar = await times()
    const submitted = await call('/v1/images/generations', { method: 'POST', headers, body: JSON.stringify(json) })
    expect(submitted.status).toBe(202)
    const { id } = (await submitted.json()) as { id: string }
    await waitFor(async () => (await times()) > sofar, 20_000)
    await waitFor(async () => (await call('/readyz')).status === 503)
    // The agent tries again and again, of which something is there for a moment.
    await waitFor(async () => isDeepStrictEqual(await storedFiles(join(folder, 'data')), before))

    await rm(failing)
    const statusOf = async () => ((await (await call(`/v1/jobs/${id}`)).json()) as { status: string }).status
    await waitFor(async () => (await statusOf()) === 'PROCESSED', 20_000)
    await waitFor(async () => (await storedFiles(join(folder, 'data'))).length === before.length + 1)
    expect(await readdir(join(folder, 'data', 'unfinished'))).toEqual([])
  },
  60_000
)
