import { describe, expect, it } from 'vitest'
import { ownPath } from './own-path.ts'

const ORIGIN = 'https://club.example.org'

describe('ownPath', () => {
  it.each(['/queue', '/requests?status=failed&q=fox', '/requests/req_1#image-2'])('lets %s pass', (path) => {
    expect(ownPath(path, ORIGIN)).toBe(path)
  })

  it.each(['https://evil.example', '//evil.example', '/\\evil.example', '/\t/evil.example', 'javascript:alert(1)', ''])(
    'refuses %j',
    (address) => {
      expect(ownPath(address, ORIGIN)).toBeUndefined()
    }
  )
})
