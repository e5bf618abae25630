import { setImmediate } from 'node:timers/promises'
import type { Db } from '../db/database.ts'
import { modelQueued, PLACE_FREED } from '../requests/bell-hints.ts'
import { listWaitingModels } from '../requests/runnable-store.ts'

/** Models with anything waiting that are read at once; a club rarely has more. */
const MODELS_READ = 64
/** For so long what is known counts without a look of its own, for a bell may be lost. */
const KNOWN_FOR_MS = 1000

/** Models that a look is about. */
export interface ModelsPage {
  models: readonly string[]
  /** Nothing waits for any other. */
  isAll: boolean
}

/**
 * For which models anything waits, as far as that is known without asking: what a look has left, and what was queued since then
 * as the bell tells it. Of what happens elsewhere nothing is known, and a ring without a hint says that.
 */
export class WaitingModels {
  /** Undefined: there may be any. */
  #known: Set<string> | undefined
  #readAt = -Infinity
  /** The last model that was read when there are more than are read at once: the next read begins behind it. */
  #readUpTo = ''

  /** Hears a ring of `tasks`. Returns whether anything may begin for it. */
  hear(hint: string | undefined): boolean {
    const model = modelQueued(hint)
    if (model !== undefined) this.#known?.add(model)
    else if (hint !== PLACE_FREED) this.#known = undefined
    return hint !== PLACE_FREED || this.#known?.size !== 0
  }

  /** All of them, so many at once. When there are more, it begins behind those that were given last. */
  async *pages(db: Db): AsyncGenerator<ModelsPage> {
    if (this.#known && performance.now() - this.#readAt < KNOWN_FOR_MS) {
      yield { models: [...this.#known].sort(), isAll: true }
      return
    }
    const begin = this.#readUpTo
    let isTurned = begin === ''
    for (;;) {
      yield await this.#readPage(db)
      const isAtEnd = this.#readUpTo === ''
      if (isTurned && (isAtEnd || (begin !== '' && this.#readUpTo >= begin))) return
      isTurned ||= isAtEnd
      await setImmediate()
    }
  }

  /** They are looked at: what is queued for them from now on is news. */
  take(models: readonly string[]): void {
    for (const model of models) this.#known?.delete(model)
  }

  /** Something waits for them still. */
  putBack(models: readonly string[]): void {
    for (const model of models) this.#known?.add(model)
  }

  async #readPage(db: Db): Promise<ModelsPage> {
    const after = this.#readUpTo
    // Also what is queued while it reads.
    const known = new Set<string>()
    this.#known = known
    const models = await listWaitingModels(db, { after, limit: MODELS_READ })
    const isEnd = models.length < MODELS_READ
    const isAll = isEnd && after === ''
    this.#readUpTo = isEnd ? '' : (models.at(-1) ?? '')
    for (const model of models) known.add(model)
    if (isAll) this.#readAt = performance.now()
    else this.#known = undefined
    return { models, isAll }
  }
}
