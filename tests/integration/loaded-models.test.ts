import { afterEach, beforeEach, expect, it } from 'vitest'
import type { NetworkState } from '../../src/http/dashboard/contract/network.ts'
import type { ServiceDeclaration } from '../../src/protocol/messages.ts'
import { callDashboard } from '../support/dashboard-calls.ts'
import { type HandWorker, startHandWorker } from '../support/hand-worker.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

const model = (id: string, weights?: number): ServiceDeclaration['models'][number] => ({
  id,
  features: ['generate'],
  ...(weights !== undefined && { weights })
})

let gateway: TestGateway
let worker: HandWorker
beforeEach(async () => {
  gateway = await startTestGateway()
  const services = [{ name: 'rig', models: [model('xl', 0), model('xl with a LoRA', 0), model('flux'), model('sd')] }]
  worker = await startHandWorker(gateway, { key: (await gateway.addUser()).key, services })
})
afterEach(async () => {
  await worker.close()
  await gateway.close()
})

/** Somebody of their own who waits for an image of this model. */
async function ask(model: string): Promise<void> {
  const { key } = await gateway.addUser()
  const json = { model, prompt: 'a fox', size: '32x32', async: true }
  const { status } = await gateway.call('/v1/images/generations', { key, json })
  expect(status).toBe(202)
}

const say = (loaded: string[]) =>
  worker.agent.send({ type: 'service.state', service: 'rig', state: 'ok', text: '', models_loaded: loaded })

it('goes first to who needs what it made last, then to what its agent says is loaded', async () => {
  await ask('xl')
  const first = await worker.next()
  for (const name of ['sd', 'flux', 'xl with a LoRA']) await ask(name)
  await worker.finish(first)
  const second = await worker.next()
  expect(second.model).toBe('xl with a LoRA')
  say(['flux', 'nothing that it has'])
  await worker.finish(second)
  const third = await worker.next()
  expect(third.model).toBe('flux')
  await worker.finish(third)
  expect((await worker.next()).model).toBe('sd')
})

it('passes over an image no more often than is set', async () => {
  gateway.gateway.context.config.limits.passesForLoadedModel = 2
  await ask('xl')
  let attempt = await worker.next()
  await ask('sd')
  const made: string[] = []
  for (let count = 0; count < 4; count += 1) {
    await ask('xl')
    await worker.finish(attempt)
    attempt = await worker.next()
    made.push(attempt.model)
  }
  expect(made).toEqual(['xl', 'xl', 'sd', 'xl'])
})

it('shows nothing as loaded at an image server that cannot be reached, until it is told of again', async () => {
  const { cookie } = await gateway.addPerson()
  const shown = async () => {
    const { body } = await callDashboard<NetworkState>(gateway, { cookie }, 'network')
    return body.providers[0]!.services[0]!.models.filter(({ isLoaded }) => isLoaded).map(({ id }) => id)
  }
  say(['flux'])
  await waitFor(async () => (await shown()).includes('flux'))
  const down = { type: 'service.state', service: 'rig', state: 'warning', text: 'Down.', fault: 'unreachable' } as const
  worker.agent.send({ ...down, models_loaded: ['flux'] })
  await waitFor(async () => (await shown()).length === 0)
  say(['sd'])
  await waitFor(async () => (await shown()).join() === 'sd')
})
