import type { Trx } from '../db/database.ts'

/** A service that is left alone because it said so or could not begin its work. */
export interface Pause {
  /** The fault that led to it. */
  reason: string
  /** When the first of the pauses began that no success lies between, UTC milliseconds. */
  since: number
  /** UTC milliseconds; in the past when it may be asked again and nobody knows yet how that goes. */
  until: number
}

export interface NewPause {
  serviceId: string
  /** Absent: all of its models. */
  model?: string
  reason: string
  /** Milliseconds that the pause lasts which is number `inRow` in a row, counted from 0. */
  lengthMs: (inRow: number) => number
  now: number
}

/** Rows written by one statement. */
const ROWS_AT_ONCE = 100

/** Stands in place of a model when a whole service is paused. */
export const ALL_MODELS = ''

/**
 * Pauses a service, or one model of it. What is paused already has one pause and not two: it is made longer at most.
 */
export async function pauseService(
  trx: Trx,
  { serviceId, model = ALL_MODELS, reason, lengthMs, now }: NewPause
): Promise<void> {
  const row = await trx
    .selectFrom('service_pauses')
    .selectAll()
    .where('service_id', '=', serviceId)
    .where('model', '=', model)
    .executeTakeFirst()
  // What its agent has not told of yet was no pause: this one is the first.
  const known = row?.reason === FIRST_LOOK ? undefined : row
  const isPaused = known !== undefined && known.until > now
  const before = known ? known.in_row - (isPaused ? 1 : 0) : 0
  const until = Math.max(row?.until ?? 0, now + lengthMs(before))
  const since = known?.since ?? now
  await trx
    .insertInto('service_pauses')
    .values({ service_id: serviceId, model, reason, since, until, in_row: 1 })
    .onConflict((c) => c.columns(['service_id', 'model']).doUpdateSet({ reason, since, until, in_row: before + 1 }))
    .execute()
}

/** A pause that its agent alone ends. It is as good as for ever, and leaves room for a clock that is set. */
const UNTIL_LIFTED = 2 ** 52

/** Whether nobody can know when a pause ends. */
export const isOpenEnded = ({ until }: Pause): boolean => until >= UNTIL_LIFTED / 2

/** Pauses a service whose agent says that it cannot work. One that is so paused already stays so, and since then. */
export async function pauseUntilLifted(trx: Trx, pause: Omit<NewPause, 'lengthMs'>): Promise<void> {
  await pauseService(trx, { ...pause, lengthMs: () => UNTIL_LIFTED - pause.now })
}

/** The reason of a pause that lasts until an agent has told how it finds an image server of which nobody has told anything yet. */
const FIRST_LOOK = 'first_look'

/** How long the first words of an agent about its image servers are waited for, milliseconds; it gives them five seconds. */
export const FIRST_LOOK_WITHIN_MS = 6000

/**
 * Pauses what is new of a provider until its agent has told how it finds that, and anew what no agent has told of in its time. The
 * row stays when that time is over: it says that nobody has told yet.
 */
export async function awaitFirstLooks(
  trx: Trx,
  {
    providerId,
    fresh,
    now
  }: { providerId: string; fresh: readonly { serviceId: string; model: string }[]; now: number }
): Promise<void> {
  // Of models that are offered no more nobody will tell.
  await trx
    .deleteFrom('service_pauses')
    .where('reason', '=', FIRST_LOOK)
    .where('model', '!=', ALL_MODELS)
    .where('service_id', 'in', (e) => e.selectFrom('services').select('id').where('provider_id', '=', providerId))
    .where((e) =>
      e.not(
        e.exists(
          e
            .selectFrom('service_models')
            .select('service_models.model')
            .whereRef('service_models.service_id', '=', 'service_pauses.service_id')
            .whereRef('service_models.model', '=', 'service_pauses.model')
        )
      )
    )
    .execute()
  const awaited = { since: now, until: now + FIRST_LOOK_WITHIN_MS }
  await trx
    .updateTable('service_pauses')
    .set(awaited)
    .where('reason', '=', FIRST_LOOK)
    .where('service_id', 'in', (e) => e.selectFrom('services').select('id').where('provider_id', '=', providerId))
    .execute()
  for (let from = 0; from < fresh.length; from += ROWS_AT_ONCE) {
    const rows = fresh
      .slice(from, from + ROWS_AT_ONCE)
      .map(({ serviceId, model }) => ({ service_id: serviceId, model, reason: FIRST_LOOK, in_row: 1, ...awaited }))
    // A pause from when it was offered before, which lasts, says more.
    await trx
      .insertInto('service_pauses')
      .values(rows)
      .onConflict((c) =>
        c
          .columns(['service_id', 'model'])
          .doUpdateSet({ reason: FIRST_LOOK, in_row: 1, ...awaited })
          .where('service_pauses.until', '<=', now)
      )
      .execute()
  }
}

/** Keeps what nobody has told of so until then: its agent comes back to a gateway that has just started. */
export async function graceFirstLooks(trx: Trx, { now, until }: { now: number; until: number }): Promise<void> {
  await trx
    .updateTable('service_pauses')
    .set({ until })
    .where('reason', '=', FIRST_LOOK)
    .where('service_id', 'in', (e) =>
      e
        .selectFrom('services')
        .innerJoin('providers', 'providers.id', 'services.provider_id')
        .select('services.id')
        .where('providers.online_until', '>', now)
    )
    .execute()
}

/** Whether something is left alone only because its agent has not told yet how it finds its image server. */
export const isFirstLook = (offer: { pause?: Pause }, now: number): boolean =>
  isPaused(offer, now) && offer.pause?.reason === FIRST_LOOK

/** Ends open pauses of a service whose agent says that it can work again, all of it or all but the models of `but`; it has told of all of it now. */
export async function liftOpenPauses(
  trx: Trx,
  { serviceId, but, now }: { serviceId: string; but: readonly string[]; now: number }
): Promise<void> {
  await trx
    .deleteFrom('service_pauses')
    .where('service_id', '=', serviceId)
    // Open pauses of an earlier connection may have been ended with it (`easePauses`); their rows go, too, or the next pause
    // would count as begun back then.
    .where((e) => {
      const isOpen = e.or([
        e('until', '>=', UNTIL_LIFTED / 2),
        e.and([e('reason', '!=', 'busy'), e('until', '<=', now)])
      ])
      const isLifted = but.length > 0 ? e.and([isOpen, e('model', 'not in', but)]) : isOpen
      return e.or([isLifted, e('reason', '=', FIRST_LOOK)])
    })
    .execute()
}

/** Forgets the pauses of a service that has delivered; one that it asked for while that was being made stays. */
export async function forgetPauses(
  trx: Trx,
  { serviceId, model, now }: { serviceId: string; model: string; now: number }
): Promise<void> {
  await trx
    .deleteFrom('service_pauses')
    .where('service_id', '=', serviceId)
    .where('model', 'in', [ALL_MODELS, model])
    .where('until', '<=', now)
    .execute()
}

/**
 * When an agent connects anew, somebody may have put right what kept its services from working: they are tried at once, but
 * the next pause is no shorter for it. What an image server itself asked for stays, and so do pauses that an agent alone ends, where it
 * `probes`: it tells in a moment how it is now.
 */
export async function easePauses(
  trx: Trx,
  { providerId, now, probes }: { providerId: string; now: number; probes: boolean }
): Promise<void> {
  await trx
    .updateTable('service_pauses')
    .set({ until: now })
    .where('service_id', 'in', (e) => e.selectFrom('services').select('id').where('provider_id', '=', providerId))
    .where('reason', '!=', 'busy')
    .where('until', '>', now)
    .$if(probes, (q) => q.where('until', '<', UNTIL_LIFTED / 2))
    .execute()
}

/**
 * Columns of two rows of `service_pauses`, joined by these names: `whole` is about a whole service, `single` about one
 * model of it.
 */
export const PAUSE_COLUMNS = [
  'whole.reason as whole_reason',
  'whole.since as whole_since',
  'whole.until as whole_until',
  'single.reason as single_reason',
  'single.since as single_since',
  'single.until as single_until'
] as const

type Nullable<T> = { [Key in keyof T]: T[Key] | null }

/** The longer one when both a service and that model of it are paused. */
export function longestPause(row: {
  [Key in keyof Pause as `${'whole' | 'single'}_${Key}`]: Nullable<Pause>[Key]
}): Pause | undefined {
  const whole = pauseOf({ reason: row.whole_reason, since: row.whole_since, until: row.whole_until })
  const single = pauseOf({ reason: row.single_reason, since: row.single_since, until: row.single_until })
  return whole && single ? (single.until > whole.until ? single : whole) : (whole ?? single)
}

const pauseOf = ({ reason, since, until }: Nullable<Pause>): Pause | undefined =>
  reason === null || since === null || until === null ? undefined : { reason, since, until }

/**
 * Whether something is left alone because its image server cannot be used, or because nobody has told yet whether it can, and not
 * because that asked for patience.
 */
export const isUnusable = (offer: { pause?: Pause }, now: number): boolean =>
  isPaused(offer, now) && offer.pause?.reason !== 'busy'

export const isPaused = ({ pause }: { pause?: Pause }, now: number): boolean => pause !== undefined && pause.until > now
