import { hash } from 'node:crypto'
import { type RawBuilder, sql } from 'kysely'
import type { Trx } from './database.ts'
import { keepQuery } from './keep-query.ts'

/*
 * An index of which prompts hold which three characters, in SQLite's FTS5. It is told texts that `indexedText` has made of
 * prompts and answers which of them hold all the `gramsOf` a search: some of those may not hold the words, none that does is
 * missing. Nothing of what was asked is ever read as FTS5's own syntax.
 *
 * The numbers of one person's prompts lie side by side, and with each goes a mark of its owner. A search among theirs goes to
 * their first number at once and from there along their own, so that neither its answer nor its time tells of others' prompts.
 */

const NUMBERS_EACH = 2 ** 24
/** Of code points that texts hardly have: what is in both costs a look at a row, no more. */
const PRIVATE_USE = 0xe000

/** The numbers that prompts of somebody have, both included; people may share them, though hardly any do. */
export function numbersOf(userId: string): { first: number; last: number } {
  const first = hashOf(userId).readUIntBE(0, 3) * NUMBERS_EACH
  return { first, last: first + NUMBERS_EACH - 1 }
}

/** Three characters, so that they are one entry of the index. */
const ownerMark = (userId: string): string =>
  String.fromCodePoint(...[...hashOf(userId).subarray(0, 3)].map((byte) => PRIVATE_USE + byte))

const hashOf = (userId: string): Buffer => hash('sha256', userId, 'buffer')

/** Puts a text under a number that has none; in rising order of the numbers a transaction is written at once. */
export async function putIntoIndex(trx: Trx, entry: { doc: number; userId: string; text: string }): Promise<void> {
  const { doc, userId, text } = entry
  await putEntry(trx, { doc, mark: ownerMark(userId), text })
}

const putEntry = keepQuery(
  (_db, { doc, mark, text }: { doc: number; mark: string; text: string }) =>
    sql`insert into prompt_index (rowid, owner, prompt) values (${doc}, ${mark}, ${text})`
)

/** The numbers of all that hold each of these grams (at least one), of somebody or, without `userId`, of anybody. */
export function inIndex({
  grams,
  userId
}: {
  grams: readonly string[]
  userId: string | undefined
}): RawBuilder<number> {
  const texts = userId === undefined ? grams : [ownerMark(userId), ...grams]
  const wanted = texts.map((text) => `"${text.replaceAll('"', '""')}"`).join(' AND ')
  return sql`(select rowid from prompt_index where prompt_index match ${wanted})`
}

/**
 * Writes some of the index anew, about so many pages: merges what came in portions, or, with `whole`, begins to merge all of it,
 * which goes on with the next calls. False when there was nothing left to do. What was removed is in the files until all
 * that there was has been merged.
 */
export async function mergeIndex(trx: Trx, { pages, whole }: { pages: number; whole: boolean }): Promise<boolean> {
  const changes = async () => {
    const { rows } = await sql<{ n: number }>`select total_changes() as n`.execute(trx)
    return Number(rows[0]?.n)
  }
  const before = await changes()
  await sql`insert into prompt_index (prompt_index, rank) values ('merge', ${whole ? -pages : pages})`.execute(trx)
  // The statement itself counts as one.
  return (await changes()) - before > 1
}
