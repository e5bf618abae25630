import { describe, expect, it } from 'vitest'
import type { ImageKind, ImageParameters } from '../images/image-request.ts'
import type { Principal } from '../lib/principal.ts'
import { fingerprintOf, needsOf, type RequestInput, type Submission } from './submission.ts'

const PRINCIPAL: Principal = {
  userId: 'usr_1',
  email: 'ann@example.org',
  role: 'member',
  keyId: 'key_1',
  scopes: ['generate'],
  limits: { key: {}, user: {} },
  emailVerified: true,
  responseDefault: 'url'
}

const input = (kind: 'input' | 'mask', sha256: string, change: Partial<RequestInput> = {}): RequestInput => ({
  kind,
  assetId: 'ast_1',
  storageKey: 'images/as/ast_1',
  isShared: false,
  mediaType: 'image/png',
  bytes: 10,
  sha256,
  width: 2,
  height: 2,
  hasAlpha: false,
  ...change
})

const submission = (
  change: Partial<Submission> & { kind?: ImageKind; parameters?: ImageParameters } = {}
): Submission => {
  const { kind = 'generation', parameters = { extra: {} }, ...rest } = change
  return {
    principal: PRINCIPAL,
    image: { kind, model: 'm', prompt: 'x', n: 1, parameters, warnings: [] },
    inputs: [],
    isAsync: false,
    routing: 'any',
    ...rest
  }
}

describe('needsOf', () => {
  const [one, two, mask] = [input('input', 'a'), input('input', 'b'), input('mask', 'c')]

  it.each<[ImageKind, RequestInput[], boolean, string]>([
    ['generation', [], false, 'generate'],
    ['variation', [one], false, 'variation'],
    ['edit', [one], false, 'edit'],
    ['edit', [one], true, 'edit mask'],
    ['edit', [one, mask], false, 'edit mask'],
    ['edit', [one, two], false, 'edit multi_image'],
    ['edit', [one, two, mask], false, 'edit mask multi_image'],
    ['edit', [one, two], true, 'edit mask multi_image']
  ])('of a %s with %j (alpha mask: %s) are %s', (kind, inputs, alphaMask, needed) => {
    const parameters = { extra: {}, ...(alphaMask && { inference_club_alpha_mask: true as const }) }
    expect(needsOf(submission({ kind, inputs, parameters })).join(' ')).toBe(needed)
  })
})

describe('fingerprintOf', () => {
  const first = submission({ parameters: { seed: 1, steps: 2, extra: { a: { b: 1, c: [1, 2] } } } })

  it('does not look at the order of members, nor at who is told how', () => {
    const same: Submission[] = [
      submission({ parameters: { steps: 2, extra: { a: { c: [1, 2], b: 1 } }, seed: 1 } }),
      { ...first, isAsync: true, webhookUrl: 'https://example.org', endUser: 'eve' },
      { ...first, principal: { ...PRINCIPAL, keyId: 'key_2' } },
      { ...first, image: { ...first.image, warnings: ['told'] } }
    ]
    for (const one of same) expect(fingerprintOf(one)).toBe(fingerprintOf(first))
  })

  it('looks at inputs by their bytes, and at nothing else of them', () => {
    const edit = (...inputs: RequestInput[]) => fingerprintOf(submission({ kind: 'edit', inputs }))
    const other = { assetId: 'ast_2', storageKey: 'elsewhere' }
    expect(edit(input('input', 'a', other))).toBe(edit(input('input', 'a')))
    const different = [
      edit(input('input', 'a')),
      edit(input('input', 'b')),
      edit(input('input', 'a'), input('input', 'b')),
      edit(input('input', 'b'), input('input', 'a')),
      edit(input('input', 'a'), input('mask', 'b')),
      edit()
    ]
    expect(new Set(different).size).toBe(different.length)
  })

  it('differs with everything that changes the picture or where it may be made', () => {
    const { image } = first
    const different = [
      first,
      { ...first, image: { ...image, prompt: 'y' } },
      { ...first, image: { ...image, model: 'n' } },
      { ...first, image: { ...image, n: 2 } },
      { ...first, image: { ...image, kind: 'variation' as const } },
      { ...first, image: { ...image, parameters: { ...image.parameters, seed: 2 } } },
      { ...first, image: { ...image, parameters: { ...image.parameters, extra: { a: { b: 1, c: [2, 1] } } } } },
      { ...first, routing: 'only_own' as const },
      { ...first, visibility: 'SECRET' as const }
    ].map(fingerprintOf)
    expect(new Set(different).size).toBe(different.length)
  })
})
