import type { OfferingConfig } from '../config/config.ts'
import type { Db, Trx } from '../db/database.ts'
import { lockOffers, lockProvider } from '../db/locks.ts'
import type { Feature } from '../images/image-request.ts'
import { MAX_FOUND_NAME_CHARS } from '../protocol/service-inventory.ts'
import { MAX_OFFERS } from '../protocol/service-offers.ts'
import type { ServiceFinds } from './service-finds-store.ts'
import { admitProvider } from './trust-store.ts'

/** Of a name that an image server has for a model. */
export const MAX_OFFERED_NAME_CHARS = MAX_FOUND_NAME_CHARS

/** What an agent makes of its owner's wish, by the names of the image server. */
export interface OfferAnswer {
  accepted: { name: string; id: string; features: Feature[] }[]
  refused: { name: string; text: string }[]
}

/** The wish of an owner of what a service is to offer beside what its agent's file says. */
export interface OfferWish {
  serviceId: string
  revision: number
  /** As the image server names them. */
  wanted: string[]
}

interface Connection {
  providerId: string
  epoch: number
}

export type OfferChange = 'changed' | 'no_service' | 'not_found' | 'not_allowed' | 'too_many'

/**
 * The owner's word on one model that lies on a machine: it is to be offered, or no longer. What is wanted already and was
 * not accepted is asked for anew. What is taken back is offered no more from this moment on.
 */
export const changeOffer = (
  db: Db,
  {
    providerId,
    serviceId,
    model,
    isOffered,
    now
  }: { providerId: string; serviceId: string; model: string; isOffered: boolean; now: number }
): Promise<OfferChange> =>
  db.transaction().execute(async (trx) => {
    await lockProvider(trx, providerId)
    const row = await trx
      .selectFrom('services')
      .leftJoin('service_finds', 'service_finds.service_id', 'services.id')
      .leftJoin('service_offers', 'service_offers.service_id', 'services.id')
      .select(['found', 'wanted', 'revision', 'answer'])
      .where('services.id', '=', serviceId)
      .where('provider_id', '=', providerId)
      .where('declared', '=', 1)
      .executeTakeFirst()
    if (!row) return 'no_service'
    const wanted = namesIn(row.wanted)
    const answer = answerIn(row.answer)
    const accepted = answer?.accepted.find(({ name }) => name === model)
    const others = wanted.filter((name) => name !== model)
    if (isOffered) {
      if (accepted) return 'changed'
      const finds = row.found === null ? undefined : (JSON.parse(row.found) as ServiceFinds)
      const found = finds?.models.find(({ name }) => name === model)
      if (!found || found.isIncomplete) return 'not_found'
      if (finds?.mayOffer !== true) return 'not_allowed'
      if (others.length >= MAX_OFFERS) return 'too_many'
    } else if (others.length === wanted.length) return 'changed'
    else if (accepted) await deleteModels(trx, serviceId, [accepted.id])
    const values = {
      wanted: JSON.stringify(isOffered ? [...others, model] : others),
      revision: (row.revision ?? 0) + 1,
      wanted_at: now,
      answer: answer ? JSON.stringify(withoutModel(answer, model)) : null
    }
    await trx
      .insertInto('service_offers')
      .values({ service_id: serviceId, ...values })
      .onConflict((c) => c.column('service_id').doUpdateSet(values))
      .execute()
    return 'changed'
  })

const withoutModel = ({ accepted, refused }: OfferAnswer, model: string): OfferAnswer => ({
  accepted: accepted.filter(({ name }) => name !== model),
  refused: refused.filter(({ name }) => name !== model)
})

/**
 * Writes down what the agent makes of the wish of that revision, and offers what it accepts. Without an answer nothing
 * is offered any more but what its file says, which `declared` names. False when the connection is no longer the provider's
 * newest, or the owner wishes something else by now.
 */
export const noteOffered = (
  db: Db,
  {
    connection: { providerId, epoch },
    serviceId,
    revision,
    answer,
    declared,
    mode,
    now
  }: {
    connection: Connection
    serviceId: string
    revision: number
    answer: OfferAnswer | undefined
    declared: readonly string[]
    mode: OfferingConfig['providers']
    now: number
  }
): Promise<boolean> =>
  db.transaction().execute(async (trx) => {
    // What it adds others may serve already.
    await lockOffers(trx)
    await lockProvider(trx, providerId)
    const row = await trx
      .selectFrom('service_offers')
      .innerJoin('services', 'services.id', 'service_offers.service_id')
      .innerJoin('providers', 'providers.id', 'services.provider_id')
      .select('answer')
      .where('services.id', '=', serviceId)
      .where('services.declared', '=', 1)
      .where('providers.id', '=', providerId)
      .where('providers.epoch', '=', epoch)
      .where('service_offers.revision', '=', revision)
      .executeTakeFirst()
    if (!row) return false
    const accepted = answer?.accepted ?? []
    const kept = new Set([...declared, ...accepted.map(({ id }) => id)])
    const before = (answerIn(row.answer)?.accepted ?? []).map(({ id }) => id)
    await deleteModels(
      trx,
      serviceId,
      before.filter((id) => !kept.has(id))
    )
    if (accepted.length > 0) {
      await trx
        .insertInto('service_models')
        .values(
          accepted.map(({ id, features }) => ({
            service_id: serviceId,
            model: id,
            features: features.join(' '),
            created_at: now
          }))
        )
        .onConflict((c) =>
          c.columns(['model', 'service_id']).doUpdateSet((e) => ({ features: e.ref('excluded.features') }))
        )
        .execute()
      await admitProvider(trx, { providerId, now, mode, isConnecting: false })
    }
    await trx
      .updateTable('service_offers')
      .set({ answer: answer ? JSON.stringify(answer) : null })
      .where('service_id', '=', serviceId)
      .execute()
    return true
  })

async function deleteModels(trx: Trx, serviceId: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await trx.deleteFrom('service_models').where('service_id', '=', serviceId).where('model', 'in', ids).execute()
}

/**
 * Ids of the models of a provider's services that its agent has accepted, by service: they stay while it connects anew. Of an
 * agent that takes no wishes they are forgotten.
 */
export async function acceptedOffers(
  trx: Trx,
  { providerId, acceptsOffers }: { providerId: string; acceptsOffers: boolean }
): Promise<Map<string, string[]>> {
  const rows = await trx
    .selectFrom('service_offers')
    .innerJoin('services', 'services.id', 'service_offers.service_id')
    .select(['service_id', 'answer'])
    .where('provider_id', '=', providerId)
    .where('answer', 'is not', null)
    .execute()
  if (acceptsOffers || rows.length === 0) {
    return new Map(
      rows.map((row) => [row.service_id, (answerIn(row.answer)?.accepted ?? []).map(({ id }) => id)] as const)
    )
  }
  const ids = rows.map(({ service_id }) => service_id)
  await trx.updateTable('service_offers').set({ answer: null }).where('service_id', 'in', ids).execute()
  return new Map()
}

/** What the owners of these providers wish of the services that they have, by provider. */
export async function listWishes(db: Db, providerIds: readonly string[]): Promise<Map<string, OfferWish[]>> {
  const rows = await db
    .selectFrom('service_offers')
    .innerJoin('services', 'services.id', 'service_offers.service_id')
    .select(['provider_id', 'service_id', 'revision', 'wanted'])
    .where('provider_id', 'in', providerIds)
    .where('declared', '=', 1)
    .execute()
  const byProvider = Map.groupBy(rows, ({ provider_id }) => provider_id)
  return new Map(
    [...byProvider].map(([id, those]) => [
      id,
      those.map((row) => ({ serviceId: row.service_id, revision: row.revision, wanted: namesIn(row.wanted) }))
    ])
  )
}

/** One model that an owner wants to be offered, and what became of that. */
export type WantedModel = { name: string } & (
  { state: 'asked'; since: number } | { state: 'accepted'; id: string } | { state: 'refused'; text: string }
)

/** By service; of those of which anything is wanted. */
export async function listWanted(db: Db, serviceIds: readonly string[]): Promise<Map<string, WantedModel[]>> {
  if (serviceIds.length === 0) return new Map()
  const rows = await db.selectFrom('service_offers').selectAll().where('service_id', 'in', serviceIds).execute()
  return new Map(
    rows.map((row) => {
      const answer = answerIn(row.answer)
      const stateOf = (name: string): WantedModel => {
        const accepted = answer?.accepted.find((one) => one.name === name)
        if (accepted) return { name, state: 'accepted', id: accepted.id }
        const refused = answer?.refused.find((one) => one.name === name)
        if (refused) return { name, state: 'refused', text: refused.text }
        return { name, state: 'asked', since: row.wanted_at }
      }
      return [row.service_id, namesIn(row.wanted).map(stateOf)] as const
    })
  )
}

/** Forgets what the owner of a provider wished. */
export async function forgetOffers(trx: Trx, providerId: string): Promise<void> {
  const services = trx.selectFrom('services').select('id').where('provider_id', '=', providerId)
  await trx.deleteFrom('service_offers').where('service_id', 'in', services).execute()
}

const namesIn = (json: string | null): string[] => (json === null ? [] : (JSON.parse(json) as string[]))
const answerIn = (json: string | null): OfferAnswer | undefined =>
  json === null ? undefined : (JSON.parse(json) as OfferAnswer)
