import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import type { Engine } from '../../src/engines/engine.ts'
import { noteStatementsUntilTheEnd } from '../support/note-statements.ts'
import { plainPng } from '../support/pictures.ts'
import { startTestGateway } from '../support/test-gateway.ts'

/** What one image may ask of the database between its call and the answer. */
const MOST = 18
/** What is looked at on a timer, whether or not there are images. */
const ROUNDS = /pragma|"lease_until" [<>]|"webhook_deliveries"|set "loaded" =|"attempts"."progressed_at"/

const noteStatements = noteStatementsUntilTheEnd()

/**
 * The statements of one image are kept beside this test, so that a change of them is seen where changes are read: each
 * transaction in its order, then what is read outside of them, which several do at once. `vitest -u` writes them anew.
 */
test('an image from its call to its answer asks no more of the database than what is written down', async () => {
  await using stack = new AsyncDisposableStack()
  const gateway = await startTestGateway()
  stack.defer(() => gateway.close())
  const [caller, owner] = [await gateway.addUser(), await gateway.addUser()]
  const picture = await plainPng({ width: 64, height: 64 }, [1, 2, 3])
  // Without progress, which is noted by the clock.
  const engine: Engine = {
    name: 'demo',
    describe: async () => ({ models: [], summary: '' }),
    generate: async ({ seed }) => ({ bytes: Readable.from([picture]), mediaType: 'image/png', seed, warnings: [] })
  }
  await gateway.addAgent({ key: owner.key, services: [{}], createEngine: () => engine })
  const makeImage = () => caller.client.images.generate({ model: 'demo', prompt: 'a fox', size: '256x256' })
  await makeImage()

  const statements = noteStatements()
  await makeImage()
  const ofImage = statements.splice(0).filter((sql) => !ROUNDS.test(sql))

  await expect(describeStatements(ofImage)).toMatchFileSnapshot('statements-of-one-image.sql')
  expect(ofImage.length).toBeLessThanOrEqual(MOST)
})

function describeStatements(statements: readonly string[]): string {
  const transactions: string[] = []
  const reads = new Set<string>()
  let open: string[] | undefined
  for (const statement of statements) {
    if (statement.startsWith('begin')) open = []
    if (!open) reads.add(statement)
    open?.push(statement)
    if (open && statement === 'commit') {
      transactions.push(open.join(';\n'))
      open = undefined
    }
  }
  return `${[...transactions, [...reads].toSorted().join(';\n')].join(';\n\n')};\n`
}
