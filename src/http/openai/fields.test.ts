import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../lib/errors.ts'
import { Fields } from './fields.ts'

const ANY = { min: Number.MIN_SAFE_INTEGER }
const field = (value: unknown) => new Fields({ field: value })
const refused = (param = 'field') => expect.objectContaining({ code: 'invalid_request', status: 400, param })

/** Values that count as not sent, whatever is asked for. */
const ABSENT = [undefined, null, '']

describe('a field that was not sent', () => {
  it.each(ABSENT)('%j is undefined to every reader', (value) => {
    const fields = field(value)
    expect(fields.has('field')).toBe(false)
    expect(fields.text('field')).toBeUndefined()
    expect(fields.spelling('field')).toBeUndefined()
    expect(fields.choice('field', ['a'])).toBeUndefined()
    expect(fields.integer('field', ANY)).toBeUndefined()
    expect(fields.number('field', ANY)).toBeUndefined()
    expect(fields.boolean('field')).toBeUndefined()
    expect(field(value).rest()).toEqual({})
  })
})

describe('text', () => {
  it('is kept as it is, blanks included', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), (text) => {
        expect(field(text).text('field', 10_000)).toBe(text)
      })
    )
  })

  it('has a greatest length', () => {
    expect(field('abc').text('field', 3)).toBe('abc')
    expect(() => field('abcd').text('field', 3)).toThrow(refused())
  })

  it.each([7, true, ['a'], { a: 1 }])('is not %j', (value) => {
    expect(() => field(value).text('field')).toThrow(refused())
  })
})

describe('the spelling', () => {
  it.each([
    ['a', 'a'],
    [7, '7'],
    [true, 'true'],
    [['a'], '["a"]'],
    [{ a: 1 }, '{"a":1}']
  ])('of %j is %j', (value, spelling) => {
    expect(field(value).spelling('field')).toBe(spelling)
  })
})

describe('a choice', () => {
  it('is one of those, exactly', () => {
    expect(field('b').choice('field', ['a', 'b'])).toBe('b')
    for (const value of ['c', 'B', ' b', 1, true, ['b']]) {
      expect(() => field(value).choice('field', ['a', 'b'])).toThrow(refused())
    }
  })

  it('that is wrong is answered with what it may be', () => {
    expect(() => field('c').choice('field', ['first', 'second'])).toThrow(/'field'.*first, second/)
  })
})

describe('a number', () => {
  it('may be text', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        const range = { min: -Infinity }
        expect(field(number).number('field', range)).toBe(number)
        // -0 is written 0.
        expect(field(String(number)).number('field', range)).toBe(number + 0)
      })
    )
  })

  it.each([' ', 'two', '1,5', '1 2', '12px', 'NaN', 'Infinity', true, [1], { a: 1 }])('is not %j', (value) => {
    expect(() => field(value).number('field', { min: -Infinity })).toThrow(refused())
  })

  it('keeps to its range, both ends included', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.integer(), (a, b, value) => {
        const [min, max] = [Math.min(a, b), Math.max(a, b)]
        const read = () => field(value).number('field', { min, max })
        if (value >= min && value <= max) expect(read()).toBe(value)
        else expect(read).toThrow(refused())
      })
    )
  })

  it('that is out of range is answered with the range', () => {
    expect(() => field(9).number('field', { min: 1, max: 5 })).toThrow(/between 1 and 5/)
    expect(() => field(0).number('field', { min: 1 })).toThrow(/at least 1/)
  })

  it('is whole when it must be', () => {
    fc.assert(
      fc.property(fc.integer(), (number) => {
        expect(field(number).integer('field', ANY)).toBe(number)
        expect(field(` ${number} `).integer('field', ANY)).toBe(number)
        expect(() => field(number + 0.5).integer('field', ANY)).toThrow(refused())
      })
    )
    expect(field('2.0').integer('field', ANY)).toBe(2)
    expect(field(1e300).integer('field', { min: 1 })).toBe(1e300)
  })
})

describe('a boolean', () => {
  it.each([
    [true, true],
    [false, false],
    ['true', true],
    ['false', false],
    ['True', true],
    ['FALSE', false],
    ['1', true],
    ['0', false]
  ])('%j is %j', (value, wanted) => {
    expect(field(value).boolean('field')).toBe(wanted)
  })

  it.each(['yes', 'no', 'maybe', ' true', 2, -1, [], {}])('%j is none', (value) => {
    expect(() => field(value).boolean('field')).toThrow(refused())
  })
})

describe('the rest', () => {
  it('are the fields that nobody has asked for, as sent', () => {
    const values = { read: 'a', asked: 1, extra: { deep: [null, ''] }, flag: false, zero: 0, none: null, empty: '' }
    const fields = new Fields(values)
    fields.text('read')
    fields.has('asked')
    expect(fields.rest()).toEqual({ extra: { deep: [null, ''] }, flag: false, zero: 0 })
  })

  it('may have any name', () => {
    const values = JSON.parse('{"__proto__": 1, "constructor": 2, "toString": 3}') as Record<string, unknown>
    const rest = new Fields(values).rest()
    expect(Object.keys(rest).sort()).toEqual(['__proto__', 'constructor', 'toString'])
    expect(Object.getPrototypeOf(rest)).toBe(Object.prototype)
    expect(new Fields({}).text('toString')).toBeUndefined()
  })
})

describe('a value that is nested', () => {
  const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as unknown

  it('may be so 32 levels deep', () => {
    expect(field(nested(32)).rest()).toEqual({ field: nested(32) })
    expect(() => field(nested(33))).toThrow(refused())
    expect(() => field({ a: [{ b: nested(30) }] })).toThrow(refused())
  })

  it('without end is refused without running out of stack', () => {
    expect(() => field(nested(200_000))).toThrow(AppError)
  })
})

describe('whatever comes', () => {
  it('every reader gives a value or refuses it by name', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
        const fields = field(value)
        for (const read of [
          () => fields.text('field'),
          () => fields.spelling('field'),
          () => fields.choice('field', ['a', 'b']),
          () => fields.integer('field', { min: 0, max: 9 }),
          () => fields.number('field', { min: 0, max: 9 }),
          () => fields.boolean('field')
        ]) {
          try {
            read()
          } catch (error) {
            expect(error).toEqual(refused())
          }
        }
      })
    )
  })
})
