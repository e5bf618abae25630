import { describe, expect, it } from 'vitest'
import { detail, image } from '../../../lib/request-samples.ts'
import { repeatCall as repeat } from './repeat-call.ts'

const repeatCall = (request: Parameters<typeof repeat>[0]) => repeat(request, { takesSeed: true })

describe('repeatCall', () => {
  it('asks for the same with the seed that was drawn', () => {
    const parameters = { n: 2, size: '512x768', negative_prompt: 'blurry', custom: { a: 1 } }
    const images = [image({ position: 1, seed: 42 })]
    expect(repeatCall(detail({ n: 2, parameters, images }))).toEqual({
      path: '/v1/images/generations',
      body: {
        model: 'demo',
        prompt: 'a red fox',
        n: 2,
        size: '512x768',
        seed: 41,
        negative_prompt: 'blurry',
        custom: { a: 1 }
      }
    })
  })

  it('prefers the seed that was asked for and leaves out what goes without saying', () => {
    const parameters = { n: 1, size: 'auto', seed: 3 }
    expect(repeatCall(detail({ parameters })).body).toEqual({ model: 'demo', prompt: 'a red fox', seed: 3 })
    expect(repeatCall(detail({ parameters: { n: 1, size: 'auto' }, images: [] })).body).not.toHaveProperty('seed')
  })

  it('has no drawn seed where the model takes none, but the one that was asked for', () => {
    const images = [image({ position: 0, seed: 42 })]
    const bodyOf = (parameters: object) =>
      repeat(detail({ parameters: { n: 1, size: 'auto', ...parameters }, images }), { takesSeed: false }).body
    expect(bodyOf({})).toEqual({ model: 'demo', prompt: 'a red fox' })
    expect(bodyOf({ seed: 42 })).toHaveProperty('seed', 42)
  })

  it('names the stored inputs and the mask of an edit', () => {
    const { path, body } = repeatCall(
      detail({ kind: 'edit', inputs: [image({ id: 'ast_in' })], mask: image({ id: 'ast_mask' }) })
    )
    expect(path).toBe('/v1/images/edits')
    expect(body).toMatchObject({ images: [{ file_id: 'ast_in' }], mask: { file_id: 'ast_mask' } })
  })

  it.each(['SECRET', 'PRIVATE', 'PUBLIC'] as const)('is for the same people and as long: %s', (visibility) => {
    const { body } = repeatCall(detail({ visibility, expiresIn: 7200 }))
    expect(body).toMatchObject({ visibility, expires_in: 7200 })
    expect(repeatCall(detail({ visibility, expiresIn: 0 })).body).toMatchObject({ expires_in: 0 })
  })

  it('needs no prompt for variations', () => {
    const { path, body } = repeatCall(detail({ kind: 'variation', prompt: '', inputs: [image()] }))
    expect(path).toBe('/v1/images/variations')
    expect(body).not.toHaveProperty('prompt')
  })
})
