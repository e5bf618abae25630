import { describe, expect, it } from 'vitest'
import { plainLine } from './plain-log.ts'

const TIME = new Date(2026, 2, 4, 5, 6, 7).toISOString()
const line = (fields: object) => plainLine(JSON.stringify({ level: 'info', time: TIME, ...fields }))

describe('a line of the log on a terminal', () => {
  it.each([
    [{ msg: 'online' }, '05:06:07 online\n'],
    [{ msg: 'online', name: 'rig', models: ['flux', 'sdxl'] }, '05:06:07 online (name: rig, models: flux, sdxl)\n'],
    [{ msg: 'online', models: [], not_now: ['flux'] }, '05:06:07 online (models: none, not_now: flux)\n'],
    [{ level: 'warn', msg: 'Nothing listens.' }, '05:06:07 warning: Nothing listens.\n'],
    [{ level: 'error', msg: 'it failed', tries: 3 }, '05:06:07 error: it failed (tries: 3)\n'],
    [{ service: 'a', msg: 'a: it is full' }, '05:06:07 a: it is full\n'],
    [{ service: 'a', msg: 'it is full' }, '05:06:07 it is full (service: a)\n'],
    [{ level: 'fatal', msg: 'the end' }, '05:06:07 error: the end\n'],
    [{ msg: 'deep', about: { a: [1] }, nothing: null }, '05:06:07 deep (about: {"a":[1]}, nothing: null)\n'],
    [{}, '05:06:07 \n']
  ])('of %j is text', (fields, text) => expect(line(fields)).toBe(text))

  it('tells the stack of an error, one frame a line', () => {
    const err = { type: 'Error', message: 'boom', stack: 'Error: boom\n    at one.ts:1\n    at two.ts:2' }
    expect(line({ level: 'error', msg: 'it failed', err })).toBe(
      '05:06:07 error: it failed\n  Error: boom\n      at one.ts:1\n      at two.ts:2\n'
    )
    expect(line({ msg: 'x', err: { message: 'no stack' } })).toBe('05:06:07 x\n  no stack\n')
  })

  it('does nothing to the terminal, whoever wrote its texts', () => {
    const evil = '\x1b]52;c;ZXZpbA==\x07a\u202eb\x9b2J\nc'
    const text = line({ msg: evil, reason: evil, [evil]: 'x', list: [evil], err: { stack: `Error: ${evil}` } })
    expect(text).toMatch(/^[\x20-\x7e\n]*$/)
    expect(text.split('\n')).toHaveLength(4)
  })

  it('shortens what goes on for ever', () => {
    expect(line({ msg: 'x', reason: 'y'.repeat(100_000) }).length).toBeLessThan(400)
  })
})
