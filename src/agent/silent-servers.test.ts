import { describe, expect, it } from 'vitest'
import { arrangeProbes, gone, GOOD } from '../../tests/support/arrange-probes.ts'
import { waitFor } from '../../tests/support/wait-for.ts'
import { type Engine, EngineError } from '../engines/engine.ts'
import { toError } from '../lib/async.ts'

describe('an image server', () => {
  const unanswered: Engine['describe'] = (signal) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(toError(signal.reason))))
  const there = { takesConnections: () => Promise.resolve(true) }

  it('that has no time for a look without need is no news, and one that is gone is', async () => {
    let answer: Engine['describe'] = () => Promise.resolve({ ...GOOD, loaded: [] })
    let looks = 0
    let unanswering = 0
    const describe: Engine['describe'] = (signal, how) => {
      if (how?.isLook) looks += 1
      return answer(signal)
    }
    const times = { withinMs: 5, patientMs: 60_000 }
    const { told } = arrangeProbes({ a: describe }, { url: 'http://gpu:1' }, { ...there, lookEveryMs: 5, times })
    await waitFor(() => told.length >= 1)
    // Asked again with more time, it answers.
    answer = (signal) => (unanswering++ % 2 === 0 ? unanswered(signal) : Promise.resolve(GOOD))
    await waitFor(() => unanswering >= 4)
    expect(looks).toBeGreaterThanOrEqual(4)
    expect(told.every(({ state }) => state === 'ok')).toBe(true)
    answer = gone
    await waitFor(() => told.some(({ fault }) => fault === 'unreachable'))
  })

  it('that does not answer when there is a reason to ask is news, though it is just being looked at', async () => {
    let answer: Engine['describe'] = () => Promise.resolve({ ...GOOD, loaded: [] })
    let asked = 0
    const { probes, told } = arrangeProbes(
      { a: (signal) => (asked++, answer(signal)) },
      { url: 'http://gpu:1' },
      { ...there, lookEveryMs: 5 }
    )
    await waitFor(() => told.length >= 1)
    let hanging = false
    answer = (signal) => {
      hanging = true
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(toError(signal.reason))))
    }
    await waitFor(() => hanging)
    expect(told.at(-1)?.state).toBe('ok')
    const before = asked
    expect(probes.check('a')).toBe(true)
    expect(asked).toBe(before)
    await waitFor(() => told.at(-1)?.text === 'The image server does not answer in time.')
  })

  it.each(['http://gpu:1', 'https://gpu.example.org'])(
    'at %s that hangs while it does nothing is found',
    async (url) => {
      let answer: Engine['describe'] = async () => GOOD
      const times = { withinMs: 5, patientMs: 20 }
      const options = { ...there, lookEveryMs: 5, times }
      const { told } = arrangeProbes({ a: (signal) => answer(signal) }, { url }, options)
      await waitFor(() => told.length === 1)
      answer = unanswered
      await waitFor(() => told.length === 2)
      expect(told[1]).toEqual({
        service: 'a',
        state: 'warning',
        text: 'The image server takes connections and answers nothing.',
        fault: 'unreachable'
      })
      answer = async () => GOOD
      await waitFor(() => told.length === 3)
      expect(told[2]).toEqual({ service: 'a', state: 'ok', text: '' })
    }
  )

  it('that hangs from the start is a warning first, and given no work when it had time enough', async () => {
    const times = { withinMs: 5, patientMs: 20 }
    const { told } = arrangeProbes({ a: unanswered }, { url: 'http://gpu:1' }, { ...there, times })
    await waitFor(() => told.length === 2)
    expect(told.map(({ fault }) => fault)).toEqual([undefined, 'unreachable'])
    const lenient = arrangeProbes({ a: unanswered }, { url: 'http://gpu:1', checkModels: false }, { ...there, times })
    await waitFor(() => lenient.told.length === 2)
    expect(lenient.told.map(({ fault }) => fault)).toEqual([undefined, undefined])
  })

  it('that makes an image, for whichever of our services, does not hang', async () => {
    let asked = 0
    const describe: Engine['describe'] = (signal) => (asked++, unanswered(signal))
    const times = { withinMs: 5, patientMs: 10 }
    const options = { ...there, times, isBusy: (service: string) => service === 'b' }
    const { told } = arrangeProbes({ a: describe, b: async () => GOOD }, { url: 'http://gpu:1' }, options)
    await waitFor(() => asked >= 4)
    expect(told.filter(({ service }) => service === 'a')).toEqual([
      { service: 'a', state: 'warning', text: 'The image server does not answer in time.' }
    ])
  })

  it('whose proxy says late that it is away is away, each time that it is asked', async () => {
    let asked = 0
    const sayLate: Engine['describe'] = (signal) =>
      new Promise((_, reject) => {
        asked += 1
        const timer = setTimeout(() => reject(new EngineError('unreachable', 'It cannot be reached.')), 40)
        signal.addEventListener('abort', () => (clearTimeout(timer), reject(toError(signal.reason))))
      })
    const times = { withinMs: 10, patientMs: 10_000 }
    const { told } = arrangeProbes({ a: sayLate }, { url: 'http://gpu:1' }, { ...there, times })
    await waitFor(() => asked >= 5)
    expect(told.map(({ fault }) => fault)).toEqual([undefined, 'unreachable'])
  })

  it('that has kept an image for too long and answers nothing hangs, whatever else it makes', async () => {
    let answer: Engine['describe'] = () => Promise.resolve(GOOD)
    const options = { ...there, times: { withinMs: 5, patientMs: 60_000 }, isBusy: () => true }
    const { probes, told } = arrangeProbes({ a: (signal) => answer(signal) }, { url: 'http://gpu:1' }, options)
    await waitFor(() => told.length === 1)
    expect(await probes.checkSilent('a')).toBe(false)
    expect(told.map(({ state }) => state)).toEqual(['ok'])
    answer = unanswered
    expect(await Promise.all([probes.checkSilent('a'), probes.checkSilent('a')])).toEqual([true, true])
    expect(told.slice(1)).toMatchObject([
      { text: 'The image server takes connections and answers nothing.', fault: 'unreachable' }
    ])
    // While it is asked again and again, and once more for the next that took too long.
    await probes.checkSilent('a')
    expect(told.length).toBe(2)
    answer = () => Promise.resolve(GOOD)
    await waitFor(() => told.length === 3)
    // From now on it may have no time while it makes one.
    answer = unanswered
    probes.check('a')
    await waitFor(() => told.length === 4)
    expect(told.slice(2).map(({ fault, text }) => ({ fault, text }))).toEqual([
      { fault: undefined, text: '' },
      { fault: undefined, text: 'The image server does not answer in time.' }
    ])
  })

  it('is found to hang by whoever waits for that, though its file is read again meanwhile', async () => {
    let answer: Engine['describe'] = () => Promise.resolve(GOOD)
    const options = { ...there, times: { withinMs: 30 }, isBusy: () => true }
    const { probes, told, services } = arrangeProbes(
      { a: (signal) => answer(signal), b: () => Promise.resolve(GOOD) },
      { url: 'http://gpu:1' },
      options
    )
    await waitFor(() => told.length === 2)
    answer = unanswered
    const known = Promise.all([probes.checkSilent('a'), probes.checkSilent('a'), probes.checkSilent('b')])
    probes.start(services)
    expect(await known).toEqual([true, true, false])
    // It may be another service by then.
    const left = probes.checkSilent('a')
    probes.start(new Map([...services].slice(1)))
    expect(await left).toBe(false)
  })

  it('that hangs does so for its other services, each as it is asked itself', async () => {
    let isHung = false
    const asked: string[] = []
    const ask =
      (name: string): Engine['describe'] =>
      (signal) => {
        asked.push(name)
        return isHung && name !== 'other path' ? unanswered(signal) : Promise.resolve(GOOD)
      }
    const names = ['a', 'b', 'other path', 'at work']
    const engines = Object.fromEntries(names.map((name) => [name, ask(name)]))
    const isBusy = (name: string) => name === 'a' || name === 'at work'
    const options = { ...there, times: { withinMs: 20, patientMs: 60_000 }, isBusy }
    const { probes, told } = arrangeProbes(engines, { url: 'http://gpu:1' }, options)
    await waitFor(() => told.length === 4)
    isHung = true
    expect(await probes.checkSilent('a')).toBe(true)
    await waitFor(() => told.length === 6)
    expect(told.slice(4).map(({ service, fault }) => [service, fault])).toEqual([
      ['a', 'unreachable'],
      ['b', 'unreachable']
    ])
    // While it is asked again and again: what makes an image finds it out by itself, and of what answers nothing is in doubt any more.
    await waitFor(() => asked.filter((name) => name === 'a').length > 5)
    expect(asked.filter((name) => name === 'other path').length).toBe(3)
    expect(asked.filter((name) => name === 'at work').length).toBe(1)
    isHung = false
    await waitFor(() => told.length === 8)
    expect(told.slice(6).map(({ state }) => state)).toEqual(['ok', 'ok'])
  })

  it('whose answers are not believed is not found to hang for good', async () => {
    const options = { ...there, times: { withinMs: 5 } }
    const { probes, told } = arrangeProbes({ a: unanswered }, { url: 'http://gpu:1', checkModels: false }, options)
    expect(await probes.checkSilent('a')).toBe(false)
    expect(told.at(-1)).toEqual({
      service: 'a',
      state: 'warning',
      text: 'The image server takes connections and answers nothing.'
    })
  })

  it('that is asked no more keeps nobody waiting who wants to know whether it hangs', async () => {
    const options = { ...there, times: { withinMs: 60_000 } }
    const { probes } = arrangeProbes({ a: unanswered, none: undefined }, { url: 'http://gpu:1' }, options)
    const known = Promise.all([probes.checkSilent('a'), probes.checkSilent('none'), probes.checkSilent('nobody')])
    probes.close()
    await known
  })

  it('that never answers is bad, and keeps no other waiting', async () => {
    const stuck: Engine['describe'] = (signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
    const { told } = arrangeProbes({ stuck, good: async () => GOOD })
    await waitFor(() => told.length === 2)
    expect(told.map(({ service, state }) => [service, state])).toEqual([
      ['good', 'ok'],
      ['stuck', 'warning']
    ])
    expect(told[1]!.text).toBe('The image server does not answer in time.')
  })

  it('that hangs until it takes no more connections either still hangs, which is told once', async () => {
    let isFull = false
    let answer: Engine['describe'] = async () => GOOD
    let asked = 0
    const { told } = arrangeProbes(
      { a: (signal) => (asked++, answer(signal)) },
      { url: 'http://127.0.0.1:8188' },
      { takesConnections: async () => !isFull, lookEveryMs: 5, times: { withinMs: 5, patientMs: 20 } }
    )
    await waitFor(() => told.length === 1)
    answer = unanswered
    await waitFor(() => told.length === 2)
    isFull = true
    const before = asked
    await waitFor(() => asked > before + 3)
    expect(told.slice(1).map(({ text }) => text)).toEqual(['The image server takes connections and answers nothing.'])
    answer = gone
    await waitFor(() => told.at(-1)?.text === 'It cannot be reached.')
    // Then nobody knows any more that it hung.
    answer = unanswered
    await waitFor(() => told.at(-1)?.text === 'The image server cannot be reached.')
  })

  it('that never answers on a machine that is off cannot be reached', async () => {
    const stuck: Engine['describe'] = (signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
    let isOn = false
    const { told } = arrangeProbes(
      { a: stuck },
      { url: 'http://10.0.0.1:8188' },
      { takesConnections: async () => isOn }
    )
    await waitFor(() => told.length === 1)
    expect(told[0]).toMatchObject({ text: 'The image server cannot be reached.', fault: 'unreachable' })
    isOn = true
    await waitFor(() => told.length === 2)
    expect(told[1]).toEqual({ service: 'a', state: 'warning', text: 'The image server does not answer in time.' })
  })
})
