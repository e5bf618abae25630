import { expect, it } from 'vitest'
import { fuzzGateway } from './fuzz-gateway.ts'

it('bears what nobody should send', async () => {
  const { problems, tally } = await fuzzGateway({ seed: 12, rounds: { calls: 150, conversations: 15, results: 15 } })
  expect(problems).toEqual([])
  expect(tally.answers['2xx']).toBeGreaterThan(35)
}, 60_000)
