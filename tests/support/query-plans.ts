import { CompiledQuery, type KyselyPlugin, type RootOperationNode } from 'kysely'
import type { Db } from '../../src/db/database.ts'

/** Everything that was asked through it, as SQLite would go about it. */
export async function plansOf(db: Db, ask: (db: Db) => Promise<unknown>): Promise<string[]> {
  const nodes: RootOperationNode[] = []
  const recorder: KyselyPlugin = {
    transformQuery: ({ node }) => {
      nodes.push(node)
      return node
    },
    transformResult: async ({ result }) => result
  }
  await ask(db.withPlugin(recorder))
  const plans: string[] = []
  for (const node of nodes) {
    const { sql, parameters } = db.getExecutor().compileQuery(node, { queryId: 'plan' })
    const { rows } = await db.executeQuery<{ detail: string }>(
      CompiledQuery.raw(`explain query plan ${sql}`, [...parameters])
    )
    plans.push(...rows.map(({ detail }) => detail))
  }
  return plans
}

/** What makes a query slower the more rows there are that it does not want. */
export const wasteful = (plans: readonly string[]) => plans.filter((plan) => /SCAN|TEMP B-TREE/.test(plan))
