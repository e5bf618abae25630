/**
 * Fills a gateway's database with requests of a year and what belongs to them: people, keys, providers, tasks, attempts,
 * assets (rows without files) and usage.
 *
 *   node bench/seed.ts <data dir> <requests> [waiting = 1000] [people = 500] [providers = 200] [share = 0.5]
 *
 * `requests` have ended; `waiting` ones of one image each come on top. `share` is how much of both the first person
 * (person-0@example.org) has. The database is made when there is none; the gateway must not run meanwhile. The same
 * numbers make the same rows, but for their ids and the day on which the year ends.
 */
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { parseArgs } from 'node:util'
import { openSqliteDatabase } from '../src/db/sqlite-database.ts'
import { createRandom, type Random } from '../src/engines/demo/random.ts'
import { FEATURES } from '../src/images/image-request.ts'
import { systemClock } from '../src/lib/clock.ts'
import { newId } from '../src/lib/ids.ts'
import { indexSome, mergeSome } from '../src/requests/prompt-index-store.ts'
import { writePrompt } from './seed-words.ts'

export interface SeedOptions {
  /** Of the database file. */
  path: string
  requests: number
  waiting: number
  people: number
  providers: number
  share: number
}

/** The last one is asked for once in ten thousand requests. */
export const SEED_MODELS = ['flux-dev', 'sdxl', 'qwen-image', 'sd-3.5', 'pixart', 'kandinsky', 'demo', 'seldom']
export const seedUser = (index: number): string => `usr_seed${index}`
export const seedProvider = (index: number): string => `prv_seed${index}`

const YEAR_MS = 365 * 86_400_000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const SIDES = [512, 768, 1024]
const PER_TRANSACTION = 20_000
const INDEXED_AT_A_TIME = { prompts: 5000, characters: 5_000_000 }
const MERGED_PAGES = 4000

type Insert = (row: Record<string, SQLInputValue>) => void

/** Fills the database at `path`; makes it first when there is none. */
export async function seed(options: SeedOptions): Promise<void> {
  await migrate(options.path)
  const sqlite = new DatabaseSync(options.path)
  sqlite.exec('pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -1000000; begin')
  // Indexes that are made once everything is there are made in a fraction of the time; and triggers that look for each image at
  // other rows would without an index look at all of them: what they count is written here.
  const made = sqlite
    .prepare(
      `select type, name, sql from sqlite_master
       where type = 'index' and sql is not null or type = 'trigger' and tbl_name = 'assets'`
    )
    .all()
  for (const { type, name } of made) sqlite.exec(`drop ${type} ${name}`)
  const random = createRandom(options.requests)
  const inserts = new Map<string, ReturnType<typeof sqlite.prepare>>()
  const into =
    (table: string): Insert =>
    (row) => {
      const columns = Object.keys(row)
      const key = `${table} ${columns.join()}`
      const values = columns.map(() => '?')
      const statement =
        inserts.get(key) ?? sqlite.prepare(`insert into ${table} (${columns.join()}) values (${values.join()})`)
      inserts.set(key, statement)
      statement.run(...Object.values(row))
    }
  const now = Date.now()
  addPeople(into, { ...options, now })
  addProviders(into, { ...options, now })
  for (let index = 0; index < options.requests + options.waiting; index++) {
    addRequest(into, { ...options, index, now, random })
    if (index % PER_TRANSACTION === 0) sqlite.exec('commit; begin')
  }
  sqlite.exec(`insert into usage_hours
    select created_at / ${HOUR_MS} * ${HOUR_MS}, user_id, api_key_id, provider_id, model, kind, width, height,
      count(*), sum(first_of_request), sum(generating_ms) from usage_images group by 1, 2, 3, 4, 5, 6, 7, 8`)
  sqlite.exec(`insert into usage_days
    select created_at / ${DAY_MS} * ${DAY_MS}, user_id, api_key_id, provider_id, model, kind, width, height,
      count(*), sum(first_of_request), sum(generating_ms), max(created_at)
      from usage_images group by 1, 2, 3, 4, 5, 6, 7, 8`)
  sqlite.exec('insert into usage_providers select provider_id, count(*) from usage_images group by 1')
  sqlite.exec('insert into stored_bytes select owner_id, sum(bytes) from assets group by 1')
  for (const { sql } of made) sqlite.exec(String(sql))
  sqlite.exec('commit; pragma journal_mode = wal')
  sqlite.close()
  await indexPrompts(options.path)
}

const onFatal = (error: unknown) => {
  throw error
}

async function migrate(path: string): Promise<void> {
  await (await openSqliteDatabase({ path, clock: systemClock, onFatal })).close()
}

/** As a gateway does in the background, without its pauses. */
async function indexPrompts(path: string): Promise<void> {
  const database = await openSqliteDatabase({ path, clock: systemClock, onFatal })
  while ((await indexSome(database.db, INDEXED_AT_A_TIME)) > 0) {
    await mergeSome(database.db, { pages: MERGED_PAGES, whole: false })
  }
  await database.close()
}

interface Setting extends SeedOptions {
  now: number
}

type Into = (table: string) => Insert

const indexes = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

function addPeople(into: Into, { people, now }: Setting): void {
  for (const index of indexes(people)) {
    const made = { created_at: now - YEAR_MS, name: `Person ${index}` }
    const email = `person-${index}@example.org`
    into('users')({ ...made, id: seedUser(index), email, email_verified: 1, role: 'member', updated_at: now })
    const key = { id: keyOf(index), user_id: seedUser(index), prefix: 'ic_seed', hash: `seed${index}` }
    into('api_keys')({ ...made, ...key, scopes: 'generate agent usage' })
  }
}

const keyOf = (person: number): string => `key_seed${person}`
const serviceOf = (provider: number): string => `svc_seed${provider}`

function addProviders(into: Into, { providers, people, now }: Setting): void {
  for (const index of indexes(providers)) {
    const [id, service] = [seedProvider(index), serviceOf(index)]
    const seen = { connected_at: now - YEAR_MS, online_until: now, last_seen_at: now }
    into('providers')({ ...seen, id, owner_id: seedUser(index % people), name: `gpu-${index}`, epoch: 1 })
    const offer = { type: 'image', engine: 'openai', concurrency: 1, timeout_ms: 600_000, declared: 1 }
    const access = JSON.stringify(index % 10 === 9 ? 'private' : 'members')
    into('services')({ ...offer, id: service, provider_id: id, name: 'images', access })
    for (const step of [0, 3]) {
      const model = SEED_MODELS[(index + step) % SEED_MODELS.length] ?? ''
      into('service_models')({ service_id: service, model, features: FEATURES.join(' '), created_at: now - YEAR_MS })
    }
  }
}

interface Place extends Setting {
  index: number
  random: Random
}

const choosePerson = ({ random, people, share }: Place): number =>
  people === 1 || random.chance(share) ? 0 : random.whole(1, people - 1)

/** Of a hundred that ended, 92 succeeded, five failed and three were canceled. */
const chooseEnd = (random: Random): 'succeeded' | 'failed' | 'canceled' =>
  random.chance(0.92) ? 'succeeded' : random.chance(5 / 8) ? 'failed' : 'canceled'

const chooseModel = (random: Random): string =>
  random.chance(1e-4) ? 'seldom' : (SEED_MODELS[random.whole(0, SEED_MODELS.length - 2)] ?? '')

const chooseKind = (random: Random): string =>
  random.chance(0.8) ? 'generation' : random.chance(0.9) ? 'edit' : 'variation'

function addRequest(into: Into, place: Place): void {
  const { index, requests, now, random } = place
  const isWaiting = index >= requests
  const person = choosePerson(place)
  const state = isWaiting ? 'queued' : chooseEnd(random)
  const side = SIDES[random.whole(0, SIDES.length - 1)] ?? 512
  const n = isWaiting || random.chance(0.85) ? 1 : random.whole(2, 4)
  const at = isWaiting ? now - 60_000 + (index - requests) : now - YEAR_MS + Math.floor((index / requests) * YEAR_MS)
  const request = {
    id: newId('req'),
    user_id: seedUser(person),
    api_key_id: keyOf(person),
    kind: isWaiting ? 'generation' : chooseKind(random),
    state,
    is_async: 1,
    model: chooseModel(random),
    prompt: writePrompt(random),
    parameters: JSON.stringify({ size: { width: side, height: side }, seed: index, extra: {} }),
    n,
    created_at: at,
    started_at: isWaiting ? null : at + 2000,
    finished_at: isWaiting ? null : at + 9000,
    warnings: '[]',
    error_code: state === 'failed' ? 'upstream_error' : state === 'canceled' ? 'canceled' : null,
    error_message: state === 'failed' ? 'The image server ran out of memory.' : null
  }
  into('requests')(request)
  if (request.kind !== 'generation') into('assets')(assetOf(request, { kind: 'input', position: 0, side }))
  for (const position of indexes(n)) addTask(into, { ...place, request, position, side })
}

type Request = {
  id: string
  user_id: string
  api_key_id: string
  kind: string
  state: string
  model: string
  created_at: number
}

interface ImagePlace extends Place {
  request: Request
  position: number
  side: number
}

function addTask(into: Into, place: ImagePlace): void {
  const { request, position, random, side, index } = place
  const { id: request_id, user_id, api_key_id, kind, model, state, created_at } = request
  const task = { id: newId('tsk'), request_id, user_id, api_key_id, position, state, kind, model }
  const asset = assetOf(request, { kind: 'output', position, side })
  const provider = random.whole(0, place.providers - 1)
  const [attempt, provider_id, service_id] = [newId('att'), seedProvider(provider), serviceOf(provider)]
  const hasImage = state === 'succeeded'
  into('tasks')({
    ...task,
    needs: 'generate',
    seed: index,
    class: 1,
    order_key: state === 'queued' ? index : 0,
    queued_at: created_at,
    current_attempt_id: state === 'queued' ? null : attempt,
    asset_id: hasImage ? asset.id : null,
    finished_at: state === 'queued' ? null : created_at + 9000
  })
  if (state === 'queued') return
  into('attempts')({
    id: attempt,
    task_id: task.id,
    request_id,
    service_id,
    provider_id,
    epoch: 1,
    token_hash: '',
    state,
    lease_until: created_at + 30_000,
    assigned_at: created_at + 2000,
    progressed_at: created_at + 2500,
    progress: hasImage ? 100 : 40,
    finished_at: created_at + 9000,
    generating_ms: hasImage ? 6000 : null,
    reason: state === 'failed' ? 'out_of_memory' : null
  })
  if (!hasImage) return
  into('assets')(asset)
  into('usage_images')({
    ...{ asset_id: asset.id, request_id, user_id, api_key_id, provider_id, service_id, kind, model },
    ...{ width: side, height: side, generating_ms: 6000, created_at: created_at + 9000 },
    ...{ rolled_up: 1, first_of_request: position === 0 ? 1 : 0 }
  })
}

function assetOf(request: Request, image: { kind: string; position: number; side: number }) {
  const id = newId('ast')
  return {
    id,
    owner_id: request.user_id,
    request_id: request.id,
    kind: image.kind,
    position: image.position,
    storage_key: `images/${id.slice(4, 5)}/${id}`,
    media_type: 'image/png',
    bytes: 1_400_000,
    sha256: '0'.repeat(64),
    width: image.side,
    height: image.side,
    seed: image.kind === 'output' ? image.position : null,
    created_at: request.created_at + 9000
  }
}

if (import.meta.main) {
  const { positionals } = parseArgs({ allowPositionals: true })
  const [folder, requests, waiting = '1000', people = '500', providers = '200', share = '0.5'] = positionals
  if (folder === undefined || requests === undefined) throw new Error('usage: node bench/seed.ts <data dir> <requests>')
  const numbers = { waiting: Number(waiting), people: Number(people), providers: Number(providers) }
  const path = join(folder, 'inference-club.sqlite')
  await seed({ path, requests: Number(requests), ...numbers, share: Number(share) })
}
