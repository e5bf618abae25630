import { afterAll, beforeAll, expect, it } from 'vitest'
import type { NetworkState } from '../../src/http/dashboard/contract/network.ts'
import { callDashboard } from '../support/dashboard-calls.ts'
import { startHandWorker } from '../support/hand-worker.ts'
import { jobCalls } from '../support/job-calls.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let gateway: TestGateway
beforeAll(async () => void (gateway = await startTestGateway()))
afterAll(() => gateway.close())

it('tells of each image that waits for which model: members of those of machines that they see, admins of all', async () => {
  const owner = await gateway.addUser()
  const [member, admin] = [await gateway.addPerson(), await gateway.addPerson({ role: 'admin' })]
  const [paused, hidden] = ['paused', 'hidden']
  const serviceOf = (name: string, model: string, access: 'members' | 'private') => ({
    name,
    type: 'image' as const,
    engine: 'openai',
    concurrency: 1,
    access,
    models: [{ id: model, features: ['generate' as const] }]
  })
  const shared = await startHandWorker(gateway, {
    key: owner.key,
    name: 'shared',
    services: [serviceOf('a', paused, 'members')]
  })
  const alone = await startHandWorker(gateway, {
    key: owner.key,
    name: 'alone',
    services: [serviceOf('b', hidden, 'private')]
  })
  await gateway.database.db.updateTable('providers').set({ drained_at: 1 }).execute()
  const jobs = jobCalls(gateway, owner)
  await jobs.submit({ model: paused, n: 2 })
  await jobs.submit({ model: hidden })
  const tell = async (person: typeof member) => (await callDashboard<NetworkState>(gateway, person, 'network')).body
  await waitFor(async () => (await tell(admin)).waiting === 3)
  expect(new Set((await tell(admin)).waitingFor)).toEqual(
    new Set([
      { model: paused, images: 2 },
      { model: hidden, images: 1 }
    ])
  )
  expect(await tell(member)).toMatchObject({ waiting: 3, waitingFor: [{ model: paused, images: 2 }] })
  await shared.close()
  await alone.close()
})
