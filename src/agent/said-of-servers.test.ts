import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { arrangeProbes, GOOD } from '../../tests/support/arrange-probes.ts'
import { waitFor } from '../../tests/support/wait-for.ts'
import { type Engine, EngineError } from '../engines/engine.ts'

it('what would have more work with an image server is said once, whatever is found of it otherwise', async () => {
  const said: string[] = []
  const logger = pino({ level: 'info' }, { write: (line) => void said.push((JSON.parse(line) as { msg: string }).msg) })
  let asked = 0
  const advice = 'Images come without steps, for what stands before the image server is in the way.'
  const describe = async () => ({ ...GOOD, advice, models: asked++ < 2 ? ['other'] : ['flux'], isWhole: true })
  const models = [{ id: 'flux', servedAs: 'flux', features: [] }]
  const { told, probes, services } = arrangeProbes(
    { a: describe, b: describe },
    { models, url: 'http://me:secret@gpu:1' },
    { logger }
  )
  await waitFor(() => told.length === 4)
  probes.start(services)
  await waitFor(() => told.length === 6)
  const sentence = 'Images come without steps, for what stands before the image server at http://gpu:1 is in the way.'
  expect(said.filter((line) => line.includes('without steps')).sort()).toEqual([`a: ${sentence}`, `b: ${sentence}`])
  // It is good all the same.
  expect(told.at(-1)).toMatchObject({ state: 'ok', text: '' })
})

describe('what is said of an image server that has gone away', () => {
  const failing = (code: string) => {
    const cause = Object.assign(new Error(code), { code })
    return new EngineError('unreachable', `The image server is gone: ${code}.`, { cause })
  }
  const arrangeSaid = (describe: Engine['describe']) => {
    const said: string[] = []
    const good: string[] = []
    const write = (line: string) => {
      const { level, msg } = JSON.parse(line) as { level: number; msg: string }
      if (level >= 40) said.push(msg)
      else good.push(msg)
    }
    return { said, good, ...arrangeProbes({ a: describe }, {}, { logger: pino({ level: 'info' }, { write }) }) }
  }

  it('is one sentence, whatever of it is met first, and no doubt of its address', async () => {
    let answers: (() => Promise<typeof GOOD>)[] = [async () => GOOD]
    const next = () => (answers.length > 1 ? answers.shift() : answers[0])!()
    const { said, good, told, probes } = arrangeSaid(next)
    await waitFor(() => told.length === 1)
    answers = ['ECONNRESET', 'ECONNREFUSED'].map((code) => () => Promise.reject(failing(code)))
    answers.push(async () => GOOD)
    const unreached = { attempt: 'att_1', text: 'It broke off.', error: failing('ECONNRESET') }
    expect(probes.check('a', { unreached })).toBe(true)
    expect(probes.check('a', { unreached: { ...unreached, attempt: 'att_2' } })).toBe(true)
    await waitFor(() => told.at(-1)!.state === 'ok' && told.length > 1)
    expect(said).toEqual([expect.stringMatching(/connection reset.*Does it still run\?.*asks again/)])
    // Whether it makes images is seen only where it makes one.
    expect(good).toEqual(['a: the image server answers: there', 'a: the image server answers again: there'])
  })

  it('is said anew when its reason is another, as of a machine that is on again and runs none', async () => {
    const codes = ['ETIMEDOUT', 'ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT']
    let now = 'ETIMEDOUT'
    const alike = () =>
      Promise.reject(
        new EngineError('unreachable', 'The image server cannot be reached.', {
          cause: Object.assign(new Error(now), { code: now })
        })
      )
    const { said, told } = arrangeSaid(alike)
    for (const [index, code] of codes.entries()) {
      now = code
      await waitFor(() => said.length === index + 1)
    }
    expect(said).toEqual([
      expect.stringContaining('(no answer)'),
      expect.stringContaining('(connection refused)'),
      expect.stringContaining('(connection reset)'),
      expect.stringContaining('(no answer)')
    ])
    expect(told).toHaveLength(1)
  })

  it('is why an image was not made, unless something else was found by then', async () => {
    let answer: () => Promise<typeof GOOD> = async () => GOOD
    const { said, told, probes } = arrangeSaid(() => answer())
    await waitFor(() => told.length === 1)
    answer = () => Promise.reject(new EngineError('busy', 'It is being started.'))
    probes.check('a', { unreached: { attempt: 'att_1', text: 'It broke off.', error: failing('ECONNRESET') } })
    await waitFor(() => said.length === 2)
    expect(said).toEqual([
      expect.stringMatching(/^a: an image was not made: It broke off \(connection reset\)/),
      expect.stringMatching(/^a: It is being started\./)
    ])
  })

  it('is known to have answered when it did, were it with a refusal, and not when it was never reached', async () => {
    for (const [fault, isKnown] of [
      ['unreachable', false],
      ['crashed', true],
      ['bad_output', true]
    ] as const) {
      const { probes, told } = arrangeSaid(() => Promise.reject(new EngineError(fault, 'No.')))
      await waitFor(() => told.length === 1)
      expect(probes.hasAnswered('a')).toBe(isKnown)
    }
    const { probes, told } = arrangeSaid(async () => GOOD)
    await waitFor(() => told.length === 1)
    expect(probes.hasAnswered('a')).toBe(true)
    expect(probes.hasAnswered('b')).toBe(false)
  })

  it('asks for https where nothing was ever had from it', async () => {
    const { said } = arrangeSaid(() => Promise.reject(failing('ECONNRESET')))
    await waitFor(() => said.length === 1)
    expect(said[0]).toContain('Is its address https://')
  })

  it('is why the image was not made, when it is there all the same', async () => {
    const { said, told, probes } = arrangeSaid(async () => GOOD)
    await waitFor(() => told.length === 1)
    probes.check('a', { unreached: { attempt: 'att_1', text: 'It broke off.', error: failing('ECONNRESET') } })
    await waitFor(() => said.length === 1)
    expect(said[0]).toMatch(/^a: an image was not made: It broke off \(connection reset\)\. Does it still run\?/)
    expect(probes.check('nobody', {})).toBe(false)
  })
})
