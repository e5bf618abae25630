/**
 * A process that tries to claim every waiting task: `node claim-tasks.ts <data folder> <JSON of slot and model>`.
 * Prints `ready`, begins at the first byte on its standard input, and prints the ids it got as JSON.
 */
import { once } from 'node:events'
import { createProviderStore } from '../../src/providers/provider-store.ts'
import { claimTasks } from '../../src/requests/claim-tasks.ts'
import { listHeads, listLanes } from '../../src/requests/runnable-store.ts'
import { loadConfig } from '../../src/config/config.ts'
import { openTestDatabase } from './open-test-database.ts'

const [dataDir = '', given = '{}'] = process.argv.slice(2)
const slot = JSON.parse(given) as { serviceId: string; providerId: string; epoch: number; model: string }
const database = await openTestDatabase({ dataDir })
const { limits, offering } = loadConfig({})
const providers = createProviderStore(database, offering)
const lanes = await listLanes(database.db, [slot.model])
const tasks = [...(await listHeads(database.db, { lanes, limit: 10_000 })).values()].flat()
process.stdout.write('ready\n')
await once(process.stdin, 'data')
const claimed: string[] = []
for (const task of tasks) {
  const [taken] = await claimTasks({ database, limits, providers }, [{ task, ...slot }])
  if (taken) claimed.push(task.id)
}
process.stdout.write(JSON.stringify(claimed))
await database.close()
process.stdin.destroy()
