import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { callDashboard } from '../support/dashboard-calls.ts'
import { generate, SMALL } from '../support/image-calls.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startTestGateway()
})
afterAll(() => gateway.close())

/** More than JavaScript counts exactly, and more than a date may be. */
const TOO_LARGE = '9007199254740994'

/** Writes a number that no version of this program should have let in, as one did. */
function damage(...columns: [table: string, column: string][]): void {
  const other = new DatabaseSync(join(gateway.dataDir, 'inference-club.sqlite'), { timeout: 5000 })
  for (const [table, column] of columns) other.exec(`update ${table} set ${column} = ${TOO_LARGE}`)
  other.close()
}

it('numbers that nobody can count are in nobody else’s way', async () => {
  const person = await gateway.addPerson({ role: 'admin' })
  const caller = await gateway.addUser()
  const key = await gateway.addKey(person)
  await gateway.addAgent({ key: caller.key, name: 'rig', services: [{}] })
  await generate(caller.client, SMALL)
  damage(
    ['services', 'timeout_ms'],
    ['services', 'images_per_hour'],
    ['services', 'images_per_user_hour'],
    ['attempts', 'generating_ms'],
    ['usage_images', 'generating_ms'],
    ['assets', 'seed'],
    ['tasks', 'seed'],
    ['api_keys', 'expires_at'],
    ['api_keys', 'rate_limit']
  )

  const statuses = async () => {
    const asked = ['/v1/jobs', '/v1/models', `/v1/organization/usage/images?start_time=1`]
    const calls = asked.map((path) => gateway.call(path, { key: path.includes('organization') ? key.key : caller.key }))
    const pages = ['network', 'keys', 'overview', 'people', 'requests', 'requests/queue'].map((path) =>
      callDashboard(gateway, person, path)
    )
    return (await Promise.all([...calls, ...pages])).map(({ status }) => status)
  }
  expect((await statuses()).filter((status) => status >= 500)).toEqual([])
  // Twice: what two images say together is larger still.
  await generate(caller.client, SMALL)
  damage(['usage_images', 'generating_ms'])
  await gateway.gateway.context.usage.rollUp()
  damage(['usage_hours', 'generating_ms'], ['usage_days', 'generating_ms'])
  await generate(caller.client, SMALL)
  await gateway.gateway.context.usage.rollUp()
  expect((await statuses()).filter((status) => status >= 500)).toEqual([])
})
