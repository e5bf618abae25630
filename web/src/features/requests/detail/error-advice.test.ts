import { expect, it } from 'vitest'
import { type AdviceContext, adviceFor } from './error-advice.ts'
import { attempt } from '../../../lib/request-samples.ts'

const ann = { id: 'usr_ann', name: 'Ann' }
const ben = { id: 'usr_ben', name: 'Ben' }
const failed = (owner = ann, provider = 'home-rig') => attempt({ state: 'failed', owner, provider })
const friend: AdviceContext = { reader: { id: 'usr_cy', role: 'member' }, attempts: [failed()] }
const advise = (code: string, context: Partial<AdviceContext> = {}) =>
  adviceFor({ code, message: '' }, { ...friend, ...context })

it('knows what to do about the errors that end requests, and about those it has never heard of', () => {
  const codes = ['content_rejected', 'no_provider', 'upstream_error', 'invalid_request', 'from_the_future', 'toString']
  const advice = codes.map((code) => advise(code))
  for (const text of advice) expect(text).toMatch(/\.$/)
  expect(new Set(advice).size).toBe(5)
})

it('tells a friend whom to tell, by name, and no log', () => {
  expect(advise('upstream_error')).toMatch(/tell Ann, whose machine home-rig tried it\.$/)
  expect(advise('upstream_error', { attempts: [failed(), failed(), failed(ben, 'attic')] })).toMatch(
    /tell Ann, .* or Ben, whose machine attic tried it\.$/
  )
  expect(advise('upstream_error', { attempts: [attempt({ owner: ben })] })).toMatch(/tell an admin\.$/)
  for (const code of ['upstream_error', 'storage_unavailable', 'insufficient_quota', 'internal_error']) {
    expect(advise(code)).not.toMatch(/\blog\b|disk/)
  }
})

it('tells who runs the machine where to look, and an admin what only they can do', () => {
  expect(advise('upstream_error', { reader: { id: ann.id, role: 'member' } })).toMatch(/look at the log of the image/)
  const admin = { id: 'usr_op', role: 'admin' } as const
  expect(advise('upstream_error', { reader: admin })).toMatch(/tell Ann/)
  expect(advise('internal_error', { reader: admin })).toMatch(/server's log/)
  expect(advise('storage_unavailable', { reader: admin })).toMatch(/disk/)
})
