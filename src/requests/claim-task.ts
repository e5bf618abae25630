import { lockProvider, lockRequest } from '../db/locks.ts'
import type { ImageParameters } from '../images/image-request.ts'
import { newId, newSecret } from '../lib/ids.ts'
import type { AssignedTask } from '../protocol/messages.ts'
import { toTaskParameters } from '../protocol/task-parameters.ts'
import { insertAttempt } from './attempt-store.ts'
import { inputName } from './input-name.ts'
import { mayBegin } from './may-begin.ts'
import { hashToken } from './lease-token.ts'
import type { RequestParts } from './request-parts.ts'
import { type AssetRow, findRequest, listInputs, markStarted } from './request-store.ts'
import { BEGUN, ringRequest } from './ring-request.ts'
import { holdTask } from './standby-store.ts'
import { takeTask, type TaskRow } from './task-store.ts'

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

/**
 * Takes a waiting task for a slot of one connection, or has it held ready there (`isStandby`), which keeps it from nobody.
 * Undefined when somebody else was quicker, the task was canceled, the provider has connected anew since or is drained, the
 * service is paused or has failed with it a moment ago, its provider may not serve others (now), or its owner has blocked the
 * user or let them have enough.
 */
export async function claimTask(
  { database, limits, providers }: Pick<RequestParts, 'database' | 'limits' | 'providers'>,
  claim: { task: TaskRow; serviceId: string; providerId: string; epoch: number; isStandby?: boolean }
): Promise<Assignment | undefined> {
  const { task, serviceId, providerId, epoch, isStandby = false } = claim
  const attemptId = newId('att')
  const token = newSecret('lease_')
  const claimed = await database.db.transaction().execute(async (trx) => {
    await lockProvider(trx, providerId)
    const now = database.clock.now()
    await lockRequest(trx, task.request_id)
    if (!(await mayBegin(trx, { task, serviceId, providerId, providers, now, isCounted: false }))) return undefined
    const wanted = { taskId: task.id, attemptId, serviceId, providerId, epoch, now }
    const taken = isStandby ? (await holdTask(trx, wanted)) && { wasElsewhere: false } : await takeTask(trx, wanted)
    if (!taken) return undefined
    await insertAttempt(trx, {
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
    const started = isStandby ? undefined : await markStarted(trx, task.request_id, now)
    const request = started ?? (await findRequest(trx, task.request_id))
    // A generation has none.
    return (
      request && { ...taken, request, inputs: task.kind === 'generation' ? [] : await listInputs(trx, task.request_id) }
    )
  })
  if (!claimed) return undefined
  const { request, inputs, wasElsewhere } = claimed
  // Nobody is shown who holds an image ready; whoever had this one is to hear of it.
  if (!isStandby) {
    ringRequest(database.bell, { id: task.request_id, userId: task.user_id, ...(!wasElsewhere && { hint: BEGUN }) })
  }
  const parameters = JSON.parse(request.parameters) as ImageParameters
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
    task: toAssignedTask({ task, prompt: request.prompt, parameters, inputs })
  }
}

function toAssignedTask(asked: {
  task: TaskRow
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
      height: input.height
    }))
  }
}
