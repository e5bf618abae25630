import { lockProvider, lockRequest } from '../db/locks.ts'
import type { ImageParameters } from '../images/image-request.ts'
import { newId, newSecret } from '../lib/ids.ts'
import type { AssignedTask } from '../protocol/messages.ts'
import { toTaskParameters } from '../protocol/task-parameters.ts'
import type { Trx } from '../db/database.ts'
import type { OpenService } from '../providers/claim-grounds-store.ts'
import { insertAttempts, type NewAttempt } from './attempt-store.ts'
import { inputName } from './input-name.ts'
import { mayBegin } from './may-begin.ts'
import { hashToken } from './lease-token.ts'
import type { RequestParts } from './request-parts.ts'
import { type AssetRow, listInputs } from './request-store.ts'
import { BEGUN } from './bell-hints.ts'
import { ringRequest } from './ring-request.ts'
import { holdTask } from './standby-store.ts'
import { type AskedImage, takeTask, type TaskRow } from './task-store.ts'

/** What an agent needs to run one attempt. */
export interface Assignment {
  attemptId: string
  requestId: string
  userId: string
  /** Which image of the request, from 0. */
  position: number
  taskClass: number
  serviceId: string
  /** The lease token: only its hash is kept here. */
  token: string
  model: string
  task: AssignedTask
  /** To be held ready, and begun as soon as the service has a place. */
  isStandby?: boolean
}

/** A waiting task for a service of one connection. */
export interface Claim {
  task: ClaimedTask
  serviceId: string
  providerId: string
  epoch: number
  /** It is to be held ready there, which keeps it from nobody. */
  isStandby?: boolean
  /** The service was found to be open, and why; absent: the claim finds that out. */
  open?: Pick<OpenService, 'seen'>
}

/** What is to be known of a task to claim it. */
export type ClaimedTask = Pick<
  TaskRow,
  'id' | 'request_id' | 'user_id' | 'position' | 'class' | 'kind' | 'model' | 'seed' | 'queued_at'
>

/**
 * Takes waiting tasks for slots of connections, all in one transaction, in which each may depend on those before it. In the
 * place of a claim is undefined when somebody else was quicker, the task was canceled, the provider has connected anew since or is
 * drained, the service is paused or has failed with it a moment ago, its provider may not serve others (now), or its owner has
 * blocked the user or let them have enough.
 */
export async function claimTasks(
  { database, limits, providers }: Pick<RequestParts, 'database' | 'limits' | 'providers'>,
  claims: readonly Claim[]
): Promise<(Assignment | undefined)[]> {
  const claimed = await database.db.transaction().execute(async (trx) => {
    await lockProvider(trx, ...claims.map(({ providerId }) => providerId))
    await lockRequest(trx, ...claims.map(({ task }) => task.request_id))
    const now = database.clock.now()
    const attempts = new NewAttempts(trx)
    const taken: (Taken | undefined)[] = []
    for (const claim of claims) taken.push(await take(trx, claim, { providers, attempts, now, limits }))
    await attempts.write()
    return taken
  })
  return claimed.map((taken) => {
    if (!taken) return undefined
    const { claim, wasElsewhere } = taken
    const { request_id: id, user_id: userId } = claim.task
    // Nobody is shown who holds an image ready; whoever had this one is to hear of it.
    if (claim.isStandby !== true) ringRequest(database.bell, { id, userId, ...(!wasElsewhere && { hint: BEGUN }) })
    return toAssignment(taken)
  })
}

interface Taken extends AskedImage {
  claim: Claim
  attemptId: string
  token: string
  inputs: readonly AssetRow[]
  wasElsewhere: boolean
}

/** Attempts that begin with tasks taken in a transaction, written together. */
class NewAttempts {
  readonly #trx: Trx
  #rows: NewAttempt[] = []

  constructor(trx: Trx) {
    this.#trx = trx
  }

  add(row: NewAttempt): void {
    this.#rows.push(row)
  }

  async write(): Promise<void> {
    if (this.#rows.length > 0) await insertAttempts(this.#trx, this.#rows)
    this.#rows = []
  }
}

async function take(
  trx: Trx,
  claim: Claim,
  {
    providers,
    attempts,
    now,
    limits
  }: Pick<RequestParts, 'providers' | 'limits'> & { attempts: NewAttempts; now: number }
): Promise<Taken | undefined> {
  const { task, serviceId, providerId, epoch, isStandby = false } = claim
  const { model, user_id: userId } = task
  if (!claim.open) {
    // What others have of it now may depend on what was taken a moment ago.
    await attempts.write()
    if (!(await mayBegin(trx, { task, serviceId, providerId, providers, now, isCounted: false }))) return undefined
  }
  const attemptId = newId('att')
  const wanted = { taskId: task.id, attemptId, serviceId, providerId, epoch, now }
  const open = claim.open && { ...claim.open, serviceId, model, userId }
  const held = isStandby ? await holdTask(trx, wanted, open) : undefined
  const taken = isStandby ? held && { ...held, wasElsewhere: false } : await takeTask(trx, wanted, open)
  if (!taken) return undefined
  const token = newSecret('lease_')
  attempts.add({
    id: attemptId,
    task_id: task.id,
    request_id: task.request_id,
    service_id: serviceId,
    provider_id: providerId,
    epoch,
    token_hash: hashToken(token),
    state: isStandby ? 'standby' : 'running',
    lease_until: now + limits.leaseMs,
    // Never before the task was queued, whatever the clock says: attempts from before that count no more.
    assigned_at: Math.max(now, task.queued_at),
    progressed_at: null,
    finished_at: null,
    generating_ms: null,
    reason: null,
    reason_message: null
  })
  // A generation has none.
  const inputs = task.kind === 'generation' ? [] : await listInputs(trx, task.request_id)
  return { ...taken, claim, attemptId, token, inputs }
}

function toAssignment({ claim, attemptId, token, prompt, parameters, inputs }: Taken): Assignment {
  const { task, serviceId, isStandby } = claim
  return {
    attemptId,
    requestId: task.request_id,
    userId: task.user_id,
    position: task.position,
    taskClass: task.class,
    serviceId,
    token,
    model: task.model,
    ...(isStandby && { isStandby }),
    task: toAssignedTask({ task, prompt, parameters: JSON.parse(parameters) as ImageParameters, inputs })
  }
}

function toAssignedTask(asked: {
  task: ClaimedTask
  prompt: string
  parameters: ImageParameters
  inputs: readonly AssetRow[]
}): AssignedTask {
  const { task, prompt, parameters } = asked
  return {
    ...toTaskParameters(parameters),
    kind: task.kind as AssignedTask['kind'],
    prompt,
    seed: task.seed,
    seed_drawn: parameters.seed === undefined,
    ...(parameters.size_unasked !== undefined && { size_unasked: parameters.size_unasked }),
    extra: parameters.extra,
    inputs: asked.inputs.map((input) => ({
      name: inputName(input),
      media_type: input.media_type,
      width: input.width,
      height: input.height,
      bytes: input.bytes
    }))
  }
}
