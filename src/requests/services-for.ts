import type { Db } from '../db/database.ts'
import { canDo } from '../images/image-request.ts'
import { readNeeds } from '../images/lora-needs.ts'
import { listEmails } from '../people/user-store.ts'
import { type Blocks, findBlocks } from '../providers/block-store.ts'
import { isFor } from '../providers/offers.ts'
import type { Offer } from '../providers/offers-store.ts'
import { listUsableLoras } from '../providers/service-finds-store.ts'
import { whoHasLoras } from '../providers/who-has-loras.ts'
import type { TaskRow } from './task-store.ts'

type Wanted = Pick<TaskRow, 'id' | 'user_id' | 'model' | 'needs' | 'routing'>

/**
 * The services among these offers that could make a task's image, by the id of the task (or of a lane of tasks): they
 * have its model and what it needs, LoRAs included, and are open to its user, whom their owner has not blocked. One that the
 * user may not use is no alternative, and a task must not wait for it. Tasks to which the same holds have the same list.
 */
export async function servicesFor(
  db: Db,
  { tasks, offers }: { tasks: readonly Wanted[]; offers: readonly Offer[] }
): Promise<Map<string, readonly string[]>> {
  const forGuests = offers.some(({ access }) => Array.isArray(access))
  const userIds = [...new Set(tasks.map((task) => task.user_id))]
  const emails = forGuests ? await listEmails(db, userIds) : new Map<string, string>()
  const blocks = await findBlocks(db, offers.some(({ hasBlocks }) => hasBlocks) ? userIds : [])
  const byModel = Map.groupBy(offers, (offer) => offer.model)
  const alike = [...Map.groupBy(tasks, groupsAlike({ offers, forGuests, blocks })).values()]
  const needing = alike.flatMap((same) =>
    same.slice(0, 1).map((first) => ({ same, first, ...readNeeds(first.needs.split(' ')) }))
  )
  // Only where LoRAs decide anything their lists need be read.
  const named = new Set(needing.filter(({ loras }) => loras.length > 0).map(({ first }) => first.model))
  const asked = new Set(offers.filter(({ model }) => named.has(model)).map(({ serviceId }) => serviceId))
  const lists = await listUsableLoras(db, [...asked])
  return new Map(
    needing.flatMap(({ same, first, features, loras }) => {
      const email = emails.get(first.user_id)
      const user = { userId: first.user_id, email: email ?? '', emailVerified: email !== undefined }
      const blockedBy = blocks.of(first.user_id)
      const able = (byModel.get(first.model) ?? []).filter(
        (offer) =>
          canDo(offer.features, features) &&
          isFor(offer, user, blockedBy) &&
          (first.routing !== 'only_own' || offer.ownerId === first.user_id)
      )
      const services = whoHasLoras(able, { loras, lists }).map((offer) => offer.serviceId)
      return same.map((task) => [task.id, services] as const)
    })
  )
}

/**
 * Tells by a key which tasks may go to the same places. Who owns none of these machines and is blocked from none is like anybody,
 * where no machine is for some people only.
 */
function groupsAlike({ offers, forGuests, blocks }: { offers: readonly Offer[]; forGuests: boolean; blocks: Blocks }) {
  const owners = new Set(offers.map(({ ownerId }) => ownerId))
  return ({ user_id: userId, model, needs, routing }: Wanted): string => {
    const isAnybody = !forGuests && !owners.has(userId) && blocks.of(userId).size === 0
    return JSON.stringify([isAnybody ? '' : userId, routing === 'only_own', needs, model])
  }
}
