import type { Db, Trx } from '../db/database.ts'
import { keepQuery } from '../db/keep-query.ts'
import { mergeIndex, numbersOf, putIntoIndex } from '../db/prompt-index.ts'
import { indexedText } from '../lib/match-words.ts'
import type { RequestRow } from './request-store.ts'

export interface Portion {
  prompts: number
  /** Of all of them; one is always taken, however long. */
  characters: number
}

/** Puts some prompts into the index that are not in it yet, the oldest first; returns how many. */
export const indexSome = (db: Db, most: Portion): Promise<number> =>
  db.transaction().execute(async (trx) => {
    const due = await trx
      .selectFrom('requests')
      .select(['id', 'user_id', 'prompt'])
      .where('search_doc', 'is', null)
      .orderBy('created_at')
      .orderBy('id')
      .limit(most.prompts)
      .execute()
    let characters = 0
    const rows = due.filter(({ prompt }, index) => (characters += prompt.length) <= most.characters || index === 0)
    for (const { doc, id, user_id, prompt } of await numberThem(trx, rows)) {
      await putIntoIndex(trx, { doc, userId: user_id, text: indexedText(prompt) })
      await noteNumber(trx, { id, doc })
    }
    return rows.length
  })

const noteNumber = keepQuery((trx, { id, doc }: { id: string; doc: number }) =>
  trx.updateTable('requests').set({ search_doc: doc }).where('id', '=', id)
)

type Unnumbered = Pick<RequestRow, 'id' | 'user_id' | 'prompt'>

/** The next numbers of those whose prompts they are, in rising order. */
async function numberThem(trx: Trx, rows: readonly Unnumbered[]): Promise<(Unnumbered & { doc: number })[]> {
  const numbered: (Unnumbered & { doc: number })[] = []
  for (const theirs of Map.groupBy(rows, ({ user_id }) => numbersOf(user_id).first).values()) {
    const { first, last } = numbersOf(theirs[0]?.user_id ?? '')
    const { latest } = await trx
      .selectFrom('requests')
      .select((e) => e.fn.max('search_doc').as('latest'))
      .where('search_doc', '>=', first)
      .where('search_doc', '<=', last)
      .executeTakeFirstOrThrow()
    const next = latest === null ? first : Number(latest) + 1
    numbered.push(...theirs.map((row, index) => ({ ...row, doc: next + index })))
  }
  return numbered.sort((a, b) => a.doc - b.doc)
}

/** See `mergeIndex`. */
export const mergeSome = (db: Db, merge: { pages: number; whole: boolean }): Promise<boolean> =>
  db.transaction().execute((trx) => mergeIndex(trx, merge))

/** How many prompts were removed from the index and may still be in its files. */
export async function countRemoved(db: Db): Promise<number> {
  const { prompts } = await db.selectFrom('removed_prompts').select('prompts').executeTakeFirstOrThrow()
  return Number(prompts)
}

/**
 * None is in the files any more, if no others were removed since there were so many of them: another process may have counted and
 * forgotten the same, and what was removed meanwhile is for the next time.
 */
export async function noteForgotten(db: Db, prompts: number): Promise<void> {
  await db.updateTable('removed_prompts').set({ prompts: 0 }).where('prompts', '=', prompts).execute()
}
