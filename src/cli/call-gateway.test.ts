import { expect, it } from 'vitest'
import { alike, startAnswering } from '../../tests/support/answering-server.ts'
import { startRefusing } from '../../tests/support/refusing-server.ts'
import { callGateway } from './call-gateway.ts'
import { readJob, readJobId, readModels } from './gateway-answers.ts'

it('does not take the key to another server', async () => {
  const asked: unknown[] = []
  const elsewhere = await startAnswering((request, response) => {
    asked.push(request.headers.authorization)
    response.end('{}')
  })
  const url = await startAnswering(alike(308, '', { location: elsewhere }))
  await expect(callGateway({ url, key: 'ic_x' }, '/v1/models', { read: readModels })).rejects.toThrow(
    `sends callers on to ${elsewhere}`
  )
  expect(asked).toEqual([])
})

it.each<[status: number, headers: Record<string, string>, words: string]>([
  [502, {}, 'The gateway behind URL is away: what stands in front of it answers 502.'],
  [504, {}, 'The gateway behind URL is away: what stands in front of it answers 504.'],
  [403, {}, 'What stands in front of URL lets nobody in (HTTP 403): it has to let calls through to /v1.'],
  [413, {}, 'What stands in front of URL takes no call of this size (HTTP 413): smaller images may get through.'],
  [302, { location: 'https://sso.example.org/login?rd=x' }, 'Is there a sign-in before it?'],
  [302, { location: '/login' }, 'Is there a sign-in before it?'],
  [301, { location: 'https://club.example.org/v1/models' }, 'Give that address with --url.']
])('says of %i %j what stands before the gateway', async (status, headers, words) => {
  const url = await startAnswering(alike(status, '<html></html>', headers))
  const called = callGateway({ url, key: 'ic_x' }, '/v1/models', { read: readModels })
  await expect(called).rejects.toThrow(words.replace('URL', url))
})

it('says of a server that closes on what it is sent that it may be too large, and not that none is there', async () => {
  const url = (await startRefusing()).replace(/\/$/, '')
  for (let tries = 0; tries < 10; tries += 1) {
    const form = new FormData()
    form.set('image', new Blob([new Uint8Array(4 * 1024 * 1024)]), 'a.png')
    // It is by chance whether its answer is heard.
    await expect(callGateway({ url, key: 'ic_x' }, '/v1/images/edits', { form, read: readJobId })).rejects.toThrow(
      /takes no call of this size|ended the connection while it was sent something: what stands in front of it may take nothing of this size/
    )
  }
})

it.each([
  [{ error: { message: '\x1b]52;c;ZXZpbA==\x07No\x1b[2J such\u202e model.' } }, 'No such model.'],
  [{ error: { message: { a: 1 } } }, 'does not answer like an inference.club (HTTP 400)']
])('tells %j as text that does nothing', async (body, expected) => {
  const url = await startAnswering(alike(400, JSON.stringify(body)))
  const error: unknown = await callGateway({ url, key: 'ic_x' }, '/v1/models', { read: readModels }).catch(
    (thrown: unknown) => thrown
  )
  expect((error as Error).message.replace(url, '').trim()).toMatch(expected)
})

/** Longer than what is read by the 23 bytes around what fills it. */
const HUGE = `{"data":[],"more":"${'x'.repeat(16 * 1024 ** 2)}"}`
const DONE = { status: 'PROCESSED', progress: 100, parameters: { n: 1 } }

it.each([
  ['a list of models as OpenAI has it', readModels, '{"object":"list","data":[{"id":"flux","object":"model"}]}'],
  ['a model without a name', readModels, '{"data":[{"supported_features":[]}]}'],
  ['models that are no list', readModels, '{"data":{"id":"flux"}}'],
  ['a page', readModels, '<!doctype html><title>Hello</title>'],
  ['nothing', readModels, ''],
  ['null', readModels, 'null'],
  ['an answer without an end', readModels, HUGE],
  ['images instead of a job', readJobId, '{"created":1,"data":[{"b64_json":"AAAA"}]}'],
  ['a job whose name is too long', readJobId, `{"id":"${'x'.repeat(201)}"}`],
  ['a job whose name is a path', readJobId, '{"id":"../../admin"}'],
  ['a job of another kind', readJob, '{"id":"1","status":"done"}'],
  ['a job whose image has no link', readJob, JSON.stringify({ ...DONE, result: { data: [{ b64_json: 'AAAA' }] } })],
  ['a job whose link is none', readJob, JSON.stringify({ ...DONE, result: { data: [{ url: 'file:///etc/passwd' }] } })]
])('says of %s in one sentence that it is not from an inference.club', async (_what, read, body) => {
  const url = await startAnswering(alike(200, body))
  await expect(callGateway<unknown>({ url, key: 'ic_x' }, '/v1/x', { read })).rejects.toThrow(
    `${url} does not answer like an inference.club (HTTP 200): another address is given with --url or INFERENCE_CLUB_URL.`
  )
})

it.each(['', '<html>', '{"error":"no such thing"}', '{"detail":"Not Found"}', '{"error":{"message":" "}}', '[1]'])(
  'and of the error %j',
  async (body) => {
    const url = await startAnswering(alike(404, body))
    await expect(callGateway({ url, key: 'ic_x' }, '/v1/models', { read: readModels })).rejects.toThrow('(HTTP 404)')
  }
)

it('reads the name of a job to its end', () => {
  const id = 'x'.repeat(200)
  expect(readJobId({ id })).toBe(id)
})

it.each([
  [8_640_000_000_000, 8_640_000_000_000_000],
  [8_640_000_000_001, null],
  [-1, null],
  [1e300, null],
  ['soon', null]
])('reads until when a job waits where that is a time: %s', (until, ms) => {
  const waiting = { reason: 'capped', until, gives_up_at: until }
  expect(readJob({ ...DONE, waiting })?.waiting).toEqual({
    reason: 'capped',
    until: ms,
    ...(ms !== null && { givesUpAt: ms })
  })
})

it.each([
  ['paused', 'paused'],
  ['new_here', 'new_here'],
  ['away', undefined],
  ['x'.repeat(9000), undefined],
  [['paused'], undefined]
])('reads what else keeps a machine from a job where there are words for it: %s', (also, known) => {
  expect(readJob({ ...DONE, waiting: { reason: 'capped', also } })?.waiting?.also).toBe(known)
})

it('reads an answer that is just short enough', async () => {
  const url = await startAnswering(alike(200, HUGE.replace(/x{24}/, '')))
  expect(await callGateway({ url, key: 'ic_x' }, '/v1/models', { read: readModels })).toEqual([])
})
