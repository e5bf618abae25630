import { createHash } from 'node:crypto'
import { type Kysely, sql } from 'kysely'

/** Names in `requests.parameters` so far, and those of the wire, which they have from now on. */
const NAMES: Record<string, string> = {
  negativePrompt: 'negative_prompt',
  guidanceScale: 'guidance_scale',
  outputFormat: 'output_format',
  outputCompression: 'output_compression',
  alphaMask: 'inference_club_alpha_mask',
  isSizeUnasked: 'size_unasked'
}
const PAGE = 500

type Parameters = Record<string, unknown>

/** Parameters keep the names of the wire wherever they go. What repeats a call by its key still means the same. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await respellFingerprints(db)
  for (let after = ''; ;) {
    const { rows } = await sql<{ id: string; parameters: string }>`select id, parameters from requests
      where id > ${after} and ${holdsOldNames} order by id limit ${PAGE}`.execute(db)
    for (const { id, parameters } of rows) {
      const respelled = JSON.stringify(respell(JSON.parse(parameters) as Parameters))
      await sql`update requests set parameters = ${respelled} where id = ${id}`.execute(db)
    }
    const last = rows.at(-1)
    if (!last) return
    after = last.id
  }
}

const holdsOldNames = sql`(${sql.join(
  Object.keys(NAMES).map((name) => sql`parameters like ${`%"${name}":%`}`),
  sql` or `
)})`

const respell = (parameters: Parameters): Parameters =>
  Object.fromEntries(Object.entries(parameters).map(([name, value]) => [NAMES[name] ?? name, value]))

interface BoundKey {
  user_id: string
  endpoint: string
  key: string
  fingerprint: string
  target_id: string
}

/** A fingerprint is the hash of a call's canonical fields, with their names. */
async function respellFingerprints(db: Kysely<unknown>): Promise<void> {
  const { rows } = await sql<BoundKey>`select user_id, endpoint, key, fingerprint, target_id from idempotency_keys
    where target_id in (select id from requests where ${holdsOldNames})
      or target_id in (select batch_id from requests where ${holdsOldNames})`.execute(db)
  for (const { user_id, endpoint, key, fingerprint, target_id } of rows) {
    const calls = await readCalls(db, target_id)
    const isBatch = calls.every((call) => call.isOfBatch)
    const meaningOf = (of: (call: Call) => string) =>
      isBatch ? hash(calls.map(of).join(' ')) : calls.map(of).join(' ')
    // Whatever else it stands for, as a retry of the request does, stays.
    if (meaningOf((call) => fingerprintOf(call)) !== fingerprint) continue
    const respelled = meaningOf((call) => fingerprintOf({ ...call, parameters: respell(call.parameters) }))
    await sql`update idempotency_keys set fingerprint = ${respelled}
      where user_id = ${user_id} and endpoint = ${endpoint} and key = ${key}`.execute(db)
  }
}

interface Call {
  isOfBatch: boolean
  kind: string
  model: string
  prompt: string
  n: number
  parameters: Parameters
  routing: string
  inputs: [kind: string, sha256: string][]
}

type CallRow = Pick<Call, 'kind' | 'model' | 'prompt' | 'n'> & { id: string; parameters: string }

/** The request of that id, or those of the batch, in its order. */
async function readCalls(db: Kysely<unknown>, targetId: string): Promise<Call[]> {
  const { rows } = await sql<CallRow>`select id, kind, model, prompt, n, parameters from requests
    where id = ${targetId} or batch_id = ${targetId} order by batch_position`.execute(db)
  const calls: Call[] = []
  for (const { id, parameters, ...call } of rows) {
    const { rows: tasks } = await sql<{ routing: string }>`select routing from tasks
      where request_id = ${id} limit 1`.execute(db)
    const { rows: inputs } = await sql<{ kind: string; sha256: string }>`select kind, sha256 from assets
      where request_id = ${id} and kind <> 'output' order by kind, position`.execute(db)
    calls.push({
      ...call,
      isOfBatch: id !== targetId,
      parameters: JSON.parse(parameters) as Parameters,
      routing: tasks[0]?.routing ?? 'any',
      inputs: inputs.map((input) => [input.kind, input.sha256])
    })
  }
  return calls
}

/** As `requests/submission.ts` makes it of a call when this runs. */
const fingerprintOf = ({ isOfBatch: _place, ...meaning }: Call): string =>
  hash(
    JSON.stringify(meaning, (_key, member: unknown) =>
      typeof member === 'object' && member !== null && !Array.isArray(member)
        ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
        : member
    )
  )

const hash = (text: string): string => createHash('sha256').update(text).digest('hex')
