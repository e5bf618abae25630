import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '../lib/errors.ts'
import { checkJsonShape } from './check-json-shape.ts'

function errorOf(text: string): AppError {
  try {
    checkJsonShape(text)
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
  return expect.fail('it was accepted')
}

const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
/** A list of so many numbers, in an object. */
const listOf = (count: number) => `{"requests":[${Array<number>(count).fill(0).join(',')}]}`

describe('checkJsonShape', () => {
  it('lets any ordinary JSON pass, whatever its texts hold', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), (json) => {
        checkJsonShape(json)
      })
    )
    for (const text of ['[[[['.repeat(1000), '\\"[[['.repeat(1000), '\\\\'.repeat(1000), ','.repeat(100_000)]) {
      checkJsonShape(JSON.stringify({ text, more: [text] }))
    }
  })

  it('counts levels: 40 pass, 41 do not, and the field is named', () => {
    checkJsonShape(nested(40))
    checkJsonShape(`{"field":${nested(39)}}`)
    expect(errorOf(nested(41))).toMatchObject({ code: 'invalid_request', status: 400, param: null })
    expect(errorOf(`{"a":{"b":1},"field":${nested(40)}}`)).toMatchObject({ code: 'invalid_request', param: 'field' })
    expect(errorOf(`{"${'x'.repeat(500)}":${nested(40)}}`).param).toBeNull()
  })

  it('counts members: 50,000 pass, one more does not', () => {
    // The object and the list are two, and there is a comma less than numbers.
    checkJsonShape(listOf(49_999))
    expect(errorOf(listOf(50_000))).toMatchObject({ code: 'request_too_large', status: 413, param: 'requests' })
    expect(errorOf(`[${'[],'.repeat(50_000)}0]`)).toMatchObject({ code: 'request_too_large', param: null })
  })

  it('leaves what is no JSON to its parser', () => {
    for (const text of ['', '"', '"\\', '{"a', ']]]]', 'nonsense', '{"a":"b\\"']) checkJsonShape(text)
  })
})
