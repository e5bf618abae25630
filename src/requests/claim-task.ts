import { lockProvider, lockRequest } from '../db/locks.ts'
import type { ImageParameters } from '../images/image-request.ts'
import { newId, newSecret } from '../lib/ids.ts'
import { isBlocked } from '../providers/block-store.ts'
import { listEmails } from '../people/user-store.ts'
import { mayUse } from '../providers/offers.ts'
import { findTerms } from '../providers/service-terms-store.ts'
import { isPausedNow } from '../providers/pause-store.ts'
import type { AssignedTask } from '../protocol/messages.ts'
import { toTaskParameters } from '../protocol/task-parameters.ts'
import { insertAttempt } from './attempt-store.ts'
import { inputName } from './input-name.ts'
import { hashToken } from './lease-token.ts'
import type { RequestParts } from './request-parts.ts'
import { type AssetRow, findRequest, listInputs, markStarted } from './request-store.ts'
import { ringRequest } from './ring-request.ts'
import { capsOf, isCapped } from './service-caps.ts'
import { takeTask, type TaskRow } from './task-store.ts'

/** What an agent needs to run one attempt. */
export interface Assignment {
  attemptId: string
  requestId: string
  userId: string
  /** Which image of the request, from 0. */
  position: number
  serviceId: string
  /** The lease token: only its hash is kept here. */
  token: string
  model: string
  task: AssignedTask
}

/**
 * Takes a waiting task for a slot of one connection. Undefined when somebody else was quicker, the task was canceled,
 * the provider has connected anew since or is drained, the service is paused or has failed with it a moment ago,
 * its provider may not serve others (now), or its owner has blocked the user or let them have enough.
 */
export async function claimTask(
  { database, limits, providers }: Pick<RequestParts, 'database' | 'limits' | 'providers'>,
  claim: { task: TaskRow; serviceId: string; providerId: string; epoch: number; ownerId?: string }
): Promise<Assignment | undefined> {
  const { task, serviceId, providerId, epoch, ownerId } = claim
  const attemptId = newId('att')
  const token = newSecret('lease_')
  const claimed = await database.db.transaction().execute(async (trx) => {
    await lockProvider(trx, providerId)
    const now = database.clock.now()
    await lockRequest(trx, task.request_id)
    const terms = await findTerms(trx, serviceId)
    if (!terms || terms.isPaused) return undefined
    if (ownerId !== undefined && ownerId !== task.user_id) {
      if (await isBlocked(trx, { providerId, userId: task.user_id })) return undefined
      const reach = await providers.findReach(trx, providerId)
      const service = { ...terms, serviceId, providerId, ownerId, reach }
      const email = (await listEmails(trx, [task.user_id])).get(task.user_id)
      if (!mayUse(service, { userId: task.user_id, email: email ?? '', emailVerified: email !== undefined })) {
        return undefined
      }
      const capped = await capsOf(trx, [service], { now, offering: providers.offering })
      if (isCapped(capped.get(serviceId), { ownerId, userId: task.user_id })) return undefined
    }
    if (await isPausedNow(trx, { serviceId, model: task.model, now })) return undefined
    if (!(await takeTask(trx, { taskId: task.id, attemptId, serviceId, providerId, epoch, now }))) return undefined
    await insertAttempt(trx, {
      id: attemptId,
      task_id: task.id,
      request_id: task.request_id,
      service_id: serviceId,
      provider_id: providerId,
      epoch,
      token_hash: hashToken(token),
      state: 'running',
      lease_until: now + limits.leaseMs,
      // Never before the task was queued, whatever the clock says: attempts from before that count no more.
      assigned_at: Math.max(now, task.queued_at),
      progressed_at: null,
      finished_at: null,
      generating_ms: null,
      reason: null,
      reason_message: null
    })
    await markStarted(trx, task.request_id, now)
    const request = await findRequest(trx, task.request_id)
    return request && { request, inputs: await listInputs(trx, task.request_id) }
  })
  if (!claimed) return undefined
  const { request, inputs } = claimed
  ringRequest(database.bell, { id: task.request_id, userId: task.user_id })
  const parameters = JSON.parse(request.parameters) as ImageParameters
  return {
    attemptId,
    requestId: task.request_id,
    userId: task.user_id,
    position: task.position,
    serviceId,
    token,
    model: task.model,
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
