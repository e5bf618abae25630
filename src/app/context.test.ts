import { expect, it } from 'vitest'
import { openTestDatabase } from '../../tests/support/open-test-database.ts'
import { loadConfig } from '../config/config.ts'
import { silentLogger } from '../lib/logger.ts'
import { openDiskStore } from '../storage/disk-store.ts'
import { createContext } from './context.ts'

/** What the context was given, and what it holds in memory of its process: see `createContext`. */
const NO_ROOMS = new Set([
  'config',
  'logger',
  'database',
  'store',
  'operations',
  'live',
  'imageLinks',
  'registry',
  'awaitedImages'
])

type Operation = (...given: unknown[]) => unknown

function listOperations(room: object, path = ''): [name: string, operation: Operation][] {
  return Object.entries(room).flatMap(([name, member]: [string, unknown]) => {
    if (path === '' && NO_ROOMS.has(name)) return []
    if (typeof member === 'function') return [[path + name, member as Operation]]
    return typeof member === 'object' && member !== null ? listOperations(member, `${path}${name}.`) : []
  })
}

/** Until it has ended, whichever way: with nothing given, most refuse. */
async function run(operation: Operation): Promise<void> {
  try {
    const gave = await operation()
    if (typeof gave === 'object' && gave !== null && Symbol.asyncIterator in gave) {
      for await (const _ of gave as AsyncIterable<unknown>) break
    }
  } catch {
    // How it ends is not the question.
  }
}

it('has each of its operations heard of, once and by its name', async () => {
  await using stack = new AsyncDisposableStack()
  const database = await openTestDatabase()
  stack.defer(() => database.close())
  const config = loadConfig({ INFERENCE_CLUB_DATA_DIR: database.dataDir })
  const store = await openDiskStore(database.dataDir)
  const context = createContext({ config, logger: silentLogger(), database, store })
  const heard: string[] = []
  context.operations.on(({ operation }) => heard.push(operation))

  const operations = listOperations(context)
  for (const [name, operation] of operations) {
    heard.length = 0
    await run(operation)
    expect(heard, name).toEqual([name])
  }
  const names = operations.map(([name]) => name)
  const some = ['requests.submit', 'people.list', 'people.invitations.invite', 'people.account.remove', 'network.drain']
  expect(names).toEqual(
    expect.arrayContaining([...some, 'settings.change', 'usage.sum', 'apiKeys.create', 'assets.save'])
  )
  // As many series of metrics as there are names.
  expect(names.length).toBeLessThan(250)
})
