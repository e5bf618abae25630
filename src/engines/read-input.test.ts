import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import type { EngineRun } from './engine.ts'
import { readInput } from './read-input.ts'

const runOf = (signal: AbortSignal): EngineRun =>
  ({ signal, input: async () => Readable.from([Buffer.from('one'), Buffer.from('two')]) }) as unknown as EngineRun

it('gives all bytes of an input, and none once the run is over', async () => {
  const over = new AbortController()
  expect(String(await readInput('image0', runOf(over.signal)))).toBe('onetwo')
  over.abort(new Error('canceled'))
  await expect(readInput('image0', runOf(over.signal))).rejects.toMatchObject({ name: 'AbortError' })
})
