import { describe, expect, it } from 'vitest'
import { basePathOf, withoutBasePath } from './base-path.ts'

describe('the base path', () => {
  it.each([
    [undefined, ''],
    ['https://x.example', ''],
    ['https://x.example/', ''],
    ['https://x.example/club', '/club'],
    ['https://x.example/a/b//', '/a/b']
  ])('of %s is "%s"', (url, path) => expect(basePathOf(url)).toBe(path))

  it.each([
    ['/club/v1/models?x=1', '/v1/models?x=1'],
    ['/club', '/'],
    ['/club?x=1', '/?x=1'],
    ['/club/', '/'],
    ['/v1/models', '/v1/models'],
    ['/clubhouse', '/clubhouse'],
    ['/other/club/v1', '/other/club/v1']
  ])('is taken from %s', (target, rest) => expect(withoutBasePath(target, '/club')).toBe(rest))
})
