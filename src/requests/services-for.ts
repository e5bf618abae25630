import type { Db } from '../db/database.ts'
import { canDo } from '../images/image-request.ts'
import { readNeeds } from '../images/lora-needs.ts'
import { listEmails } from '../people/user-store.ts'
import { findBlocks } from '../providers/block-store.ts'
import { isFor } from '../providers/offers.ts'
import type { Offer } from '../providers/offers-store.ts'
import { listUsableLoras } from '../providers/service-finds-store.ts'
import { whoHasLoras } from '../providers/who-has-loras.ts'
import type { TaskRow } from './task-store.ts'

/**
 * The services among these offers that could make a task's image, by the id of the task (or of a lane of tasks): they
 * have its model and what it needs, LoRAs included, and are open to its user, whom their owner has not blocked. One that the
 * user may not use is no alternative, and a task must not wait for it.
 */
export async function servicesFor(
  db: Db,
  {
    tasks,
    offers
  }: { tasks: readonly Pick<TaskRow, 'id' | 'user_id' | 'model' | 'needs' | 'routing'>[]; offers: readonly Offer[] }
): Promise<Map<string, string[]>> {
  const forGuests = offers.some(({ access }) => Array.isArray(access))
  const userIds = [...new Set(tasks.map((task) => task.user_id))]
  const emails = forGuests ? await listEmails(db, userIds) : new Map<string, string>()
  const blocks = await findBlocks(db, userIds)
  const byModel = Map.groupBy(offers, (offer) => offer.model)
  const needing = tasks.map((task) => ({ ...task, ...readNeeds(task.needs.split(' ')) }))
  // Only where LoRAs decide anything their lists need be read.
  const named = new Set(needing.filter(({ loras }) => loras.length > 0).map(({ model }) => model))
  const asked = new Set(offers.filter(({ model }) => named.has(model)).map(({ serviceId }) => serviceId))
  const lists = await listUsableLoras(db, [...asked])
  return new Map(
    needing.map((task) => {
      const email = emails.get(task.user_id)
      const user = { userId: task.user_id, email: email ?? '', emailVerified: email !== undefined }
      const blockedBy = blocks.of(task.user_id)
      const able = (byModel.get(task.model) ?? []).filter(
        (offer) =>
          canDo(offer.features, task.features) &&
          isFor(offer, user, blockedBy) &&
          (task.routing !== 'only_own' || offer.ownerId === task.user_id)
      )
      return [task.id, whoHasLoras(able, { loras: task.loras, lists }).map((offer) => offer.serviceId)]
    })
  )
}
