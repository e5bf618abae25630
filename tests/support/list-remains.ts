import type { Tables } from '../../src/db/tables.ts'
import type { TestGateway } from './test-gateway.ts'

/** Columns that name a request, by table, but those of usage, whose numbers stay. */
const NAMED_IN: [table: keyof Tables, column: string][] = [
  ['requests', 'id'],
  ['tasks', 'request_id'],
  ['attempts', 'request_id'],
  ['assets', 'request_id'],
  ['share_links', 'request_id'],
  ['looks', 'request_id'],
  ['picture_reports', 'request_id'],
  ['webhook_deliveries', 'request_id']
]

/** What is left of a request in the database: the names of the tables. */
export async function listRows({ database }: Pick<TestGateway, 'database'>, id: string): Promise<string[]> {
  const found: string[] = []
  for (const [table, column] of NAMED_IN) {
    const rows = await database.db
      .selectFrom(table)
      .selectAll()
      .where(column as never, '=', id as never)
      .execute()
    if (rows.length > 0) found.push(table)
  }
  return found
}

/** Every key there is in the store. */
export async function listStore({ gateway }: Pick<TestGateway, 'gateway'>): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of gateway.context.store.list('')) keys.push(key)
  return keys
}
