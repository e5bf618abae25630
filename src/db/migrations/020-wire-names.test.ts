import { createHash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { Kysely, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ImageParameters, ImageRequest } from '../../images/image-request.ts'
import { fingerprintOf, type RequestInput, type Submission } from '../../requests/submission.ts'
import { createSqliteShim } from '../sqlite-shim.ts'
import { MIGRATIONS } from './index.ts'

let sqlite: DatabaseSync
let db: Kysely<unknown>
let migrator: Migrator
beforeEach(async () => {
  sqlite = new DatabaseSync(':memory:')
  db = new Kysely({ dialect: new SqliteDialect({ database: createSqliteShim(sqlite, () => undefined) }) })
  migrator = new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } })
  expect((await migrator.migrateTo('019-unwanted-objects')).error).toBeUndefined()
  sqlite.exec('pragma foreign_keys = off')
})
afterEach(() => db.destroy())

const OLD = {
  size: { width: 64, height: 48 },
  isSizeUnasked: true,
  seed: 7,
  negativePrompt: 'a "negativePrompt": rain',
  guidanceScale: 4.5,
  outputFormat: 'webp',
  outputCompression: 80,
  alphaMask: true,
  extra: { outputFormat: 'as sent', big: 1e21 }
}
const NEW: ImageParameters = {
  size: { width: 64, height: 48 },
  size_unasked: true,
  seed: 7,
  negative_prompt: 'a "negativePrompt": rain',
  guidance_scale: 4.5,
  output_format: 'webp',
  output_compression: 80,
  inference_club_alpha_mask: true,
  extra: { outputFormat: 'as sent', big: 1e21 }
}

function insertRequest(id: string, parameters: object, batch?: { id: string; position: number }): void {
  sqlite
    .prepare(
      `insert into requests (id, user_id, api_key_id, kind, state, is_async, model, prompt, parameters, n, created_at,
        warnings, batch_id, batch_position) values (?, 'ann', 'key', 'edit', 'queued', 0, 'demo', 'a fox', ?, 2, 1, '[]', ?, ?)`
    )
    .run(id, JSON.stringify(parameters), batch?.id ?? null, batch?.position ?? null)
  sqlite
    .prepare(
      `insert into tasks (id, request_id, user_id, position, state, kind, model, needs, seed, class, order_key, queued_at, routing)
        values (?, ?, 'ann', 0, 'queued', 'edit', 'demo', 'edit', 7, 1, 1, 1, 'only_own')`
    )
    .run(`tsk_${id}`, id)
  for (const [kind, position, sha256] of [
    ['mask', 0, 'm'],
    ['input', 1, 'b'],
    ['input', 0, 'a']
  ] as const) {
    sqlite
      .prepare(
        `insert into assets (id, owner_id, request_id, kind, position, storage_key, media_type, bytes, sha256, width, height, created_at)
          values (?, 'ann', ?, ?, ?, ?, 'image/png', 1, ?, 1, 1, 1)`
      )
      .run(`${id}-${sha256}`, id, kind, position, `${id}-${sha256}`, sha256)
  }
}

const bindKey = (key: string, fingerprint: string, target: string) =>
  sqlite
    .prepare(
      `insert into idempotency_keys (user_id, endpoint, key, fingerprint, target_id, created_at)
        values ('ann', 'edits', ?, ?, ?, 1)`
    )
    .run(key, fingerprint, target)

/** What such a call means, with its parameters as they were or are. */
const meaningOf = (parameters: object): string =>
  fingerprintOf({
    image: { kind: 'edit', model: 'demo', prompt: 'a fox', n: 2, parameters } as ImageRequest,
    routing: 'only_own',
    inputs: [
      { kind: 'input', sha256: 'a' },
      { kind: 'input', sha256: 'b' },
      { kind: 'mask', sha256: 'm' }
    ] as RequestInput[]
  } as unknown as Submission)

const hash = (text: string) => createHash('sha256').update(text).digest('hex')

it('gives parameters their names on the wire, and nothing else another one', async () => {
  const plain = { size: { width: 64, height: 48 }, steps: 4, extra: { alphaMask: 1 } }
  insertRequest('old', OLD)
  insertRequest('plain', plain)
  for (let index = 0; index < 1001; index++) insertRequest(`many-${index}`, { outputFormat: 'png', extra: {} })
  expect((await migrator.migrateToLatest()).error).toBeUndefined()
  const parametersOf = (id: string): unknown =>
    JSON.parse(String(sqlite.prepare('select parameters from requests where id = ?').get(id)?.parameters))
  expect(parametersOf('old')).toEqual(NEW)
  expect(parametersOf('plain')).toEqual(plain)
  for (let index = 0; index < 1001; index++) {
    expect(parametersOf(`many-${index}`)).toEqual({ output_format: 'png', extra: {} })
  }
})

it('leaves keys the meaning of the call they were sent with', async () => {
  const few = { outputFormat: 'png', extra: {} }
  insertRequest('one', OLD)
  insertRequest('first', few, { id: 'batch', position: 0 })
  insertRequest('second', OLD, { id: 'batch', position: 1 })
  bindKey('call', meaningOf(OLD), 'one')
  bindKey('batch', hash(`${meaningOf(few)} ${meaningOf(OLD)}`), 'batch')
  bindKey('retry', 'one', 'one')
  bindKey('gone', 'something', 'deleted')
  expect((await migrator.migrateToLatest()).error).toBeUndefined()
  expect(sqlite.prepare('select key, fingerprint from idempotency_keys order by key').all()).toEqual([
    { key: 'batch', fingerprint: hash(`${meaningOf({ output_format: 'png', extra: {} })} ${meaningOf(NEW)}`) },
    { key: 'call', fingerprint: meaningOf(NEW) },
    { key: 'gone', fingerprint: 'something' },
    { key: 'retry', fingerprint: 'one' }
  ])
})
