import { StatementSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { startTestGateway } from '../support/test-gateway.ts'
import { wrapUntilTheEnd } from '../support/wrap-method.ts'

/** What one image may ask of the database between its call and the answer. */
const MOST = 62
/** What is looked at on a timer, whether or not there are images. */
const ROUNDS = /pragma|"lease_until" [<>]|"webhook_deliveries"/

const wrap = wrapUntilTheEnd()

/**
 * The statements of one image are kept beside this test, so that a change of them is seen where changes are read: each
 * transaction in its order, then what is read outside of them, which several do at once. `vitest -u` writes them anew.
 */
test('an image from its call to its answer asks no more of the database than what is written down', async () => {
  await using stack = new AsyncDisposableStack()
  const gateway = await startTestGateway()
  stack.defer(() => gateway.close())
  const [caller, owner] = [await gateway.addUser(), await gateway.addUser()]
  await gateway.addAgent({ key: owner.key, services: [{}] })
  const makeImage = () => caller.client.images.generate({ model: 'demo', prompt: 'a fox', size: '64x64' as '256x256' })
  await makeImage()

  const statements: string[] = []
  const record = <T extends object>(statement: T) => {
    const { sourceSQL } = statement as unknown as StatementSync
    if (!ROUNDS.test(sourceSQL)) statements.push(sourceSQL.replace(/\s+/g, ' ').trim())
    return statement
  }
  for (const name of ['all', 'run'] as const) {
    wrap(
      StatementSync.prototype,
      name,
      (original) =>
        function (this: StatementSync, ...values: never[]) {
          return original.apply(record(this), values)
        } as typeof original
    )
  }
  await makeImage()
  const ofImage = statements.splice(0)

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
