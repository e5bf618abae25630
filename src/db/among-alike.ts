import { sql } from 'kysely'

/**
 * Columns of rows that are told in groups: how many are alike in these columns (`times`), and which of those one is when the
 * latest comes first (`place`, from 1), by these further columns.
 */
export function amongAlike(alike: readonly string[], latest: readonly string[]) {
  const same = sql.join(alike.map((column) => sql.ref(column)))
  const order = sql.join(latest.map((column) => sql`${sql.ref(column)} desc`))
  return [
    sql<number>`count(*) over (partition by ${same})`.as('times'),
    sql<number>`row_number() over (partition by ${same} order by ${order})`.as('place')
  ] as const
}
