import assert from 'node:assert/strict'
import { type AcceptanceCase, Unchecked } from '../acceptance-case.ts'
import type { Answer, CallOptions, Club, Fields } from '../club.ts'
import { type ErrorBody, isRefused, type Refusal } from '../expectations.ts'
import { animated, blob, heavyPng, hugePng, photo } from '../pictures.ts'

const GENERATIONS = '/v1/images/generations'
const EDITS = '/v1/images/edits'
const HEAVY = 26 * 1024 * 1024

interface RefusedCall extends Refusal {
  name: string
  send(club: Club): Promise<Answer<unknown>>
}

const generate = (fields: Fields) => (club: Club) => club.generate<unknown>(fields)
const post = (path: string, options: CallOptions) => (club: Club) => club.call(path, { method: 'POST', ...options })
const edit =
  (image: () => Promise<Buffer> | Buffer, more: [string, string | Blob][] = []) =>
  async (club: Club) =>
    club.edit([['image', blob(await image())], ...more])
const editJson = (image: unknown) => async (club: Club) =>
  club.call(EDITS, { json: { ...(await club.fields()), images: [image] } })
const damaged = async () => (await photo()).subarray(0, -20)

/** What a caller can do wrong, and what they are told: the table of errors. */
const REFUSED: RefusedCall[] = [
  { name: 'no prompt', send: generate({ prompt: undefined }), status: 400, code: 'missing_prompt', param: 'prompt' },
  { name: 'a blank prompt', send: generate({ prompt: ' \n' }), status: 400, code: 'missing_prompt', param: 'prompt' },
  {
    name: 'an edit without a prompt',
    send: edit(photo, [['prompt', '']]),
    status: 400,
    code: 'missing_prompt',
    param: 'prompt'
  },
  { name: 'no model', send: generate({ model: undefined }), status: 400, code: 'missing_model', param: 'model' },
  {
    name: 'an edit without an image',
    send: (club) => club.edit([]),
    status: 400,
    code: 'missing_file',
    param: 'image'
  },
  {
    name: 'a variation without an image',
    send: (club) => club.edit([], '/v1/images/variations'),
    status: 400,
    code: 'missing_file',
    param: 'image'
  },
  {
    name: 'a prompt that is too long',
    send: generate({ prompt: 'x'.repeat(1_000_000) }),
    status: 413,
    code: 'request_too_large'
  },
  { name: 'a GIF', send: edit(animated), status: 415, code: 'unsupported_media_type', param: 'image' },
  {
    name: 'text as an image',
    send: edit(() => Buffer.from('not a picture')),
    status: 415,
    code: 'unsupported_media_type',
    param: 'image'
  },
  { name: 'an empty image', send: edit(() => Buffer.alloc(0)), status: 400, code: 'invalid_image', param: 'image' },
  { name: 'half an image', send: edit(damaged), status: 400, code: 'invalid_image', param: 'image' },
  {
    name: 'an image of too many pixels',
    send: edit(() => hugePng(60_000, 60_000)),
    status: 400,
    code: 'image_too_large',
    param: 'image'
  },
  {
    name: 'a mask without alpha',
    send: async (club) => edit(photo, [['mask', blob(await photo())]])(club),
    status: 400,
    code: 'invalid_mask',
    param: 'mask'
  },
  {
    name: '17 images',
    send: async (club) => {
      const bytes = blob(await photo())
      return club.edit(Array.from({ length: 17 }, (): [string, Blob] => ['image[]', bytes]))
    },
    status: 400,
    code: 'too_many_images'
  },
  {
    name: 'an image on another host',
    send: editJson({ image_url: 'https://elsewhere.invalid/cat.png' }),
    status: 400,
    code: 'remote_image_refused'
  },
  { name: 'an image that is not there', send: editJson({ file_id: 'ast_nothing' }), status: 404, code: 'not_found' },
  {
    name: 'an unknown model',
    send: generate({ model: 'no-such-model-here' }),
    status: 404,
    code: 'no_provider',
    param: 'model'
  },
  {
    name: 'a job for an unknown model',
    send: generate({ model: 'no-such-model-here', async: true }),
    status: 404,
    code: 'no_provider'
  },
  ...['big', '512', '512x', '0x512', '512x512x512', '99999x99999'].map((size) => ({
    name: `size ${size}`,
    send: generate({ size }),
    status: 400,
    code: 'invalid_size',
    param: 'size'
  })),
  ...[0, -1, 1.5, 'many', true].map((n) => ({
    name: `n ${n}`,
    send: generate({ n }),
    status: 400,
    code: 'invalid_request',
    param: 'n'
  })),
  {
    name: 'an unknown response_format',
    send: generate({ response_format: 'png' }),
    status: 400,
    code: 'invalid_request',
    param: 'response_format'
  },
  {
    name: 'an unknown output_format',
    send: generate({ output_format: 'tiff' }),
    status: 400,
    code: 'invalid_request',
    param: 'output_format'
  },
  {
    name: 'broken JSON',
    send: post(GENERATIONS, { body: '{"prompt": ', headers: { 'content-type': 'application/json' } }),
    status: 400,
    code: 'invalid_json'
  },
  {
    name: 'JSON that is no object',
    send: post(GENERATIONS, { json: ['a fox'] }),
    status: 400,
    code: 'invalid_request'
  },
  {
    name: 'text where JSON belongs',
    send: post(GENERATIONS, { body: 'a fox', headers: { 'content-type': 'text/plain' } }),
    status: 415,
    code: 'unsupported_media_type',
    message: /application\/json/
  },
  {
    name: 'text where a form belongs',
    send: post(EDITS, { body: 'a fox', headers: { 'content-type': 'text/plain' } }),
    status: 415,
    code: 'unsupported_media_type',
    message: /multipart\/form-data.*application\/json/
  },
  {
    name: 'a form without a boundary',
    send: post(EDITS, { body: 'a fox', headers: { 'content-type': 'multipart/form-data' } }),
    status: 400,
    code: 'invalid_request',
    message: /boundary/
  },
  { name: 'an unknown path', send: (club) => club.call('/v1/nowhere'), status: 404, code: 'not_found' },
  {
    name: 'an unknown path for which there is a key, without one',
    send: (club) => club.call('/v1/nowhere', { key: null }),
    status: 404,
    code: 'not_found'
  },
  { name: 'an unknown job', send: (club) => club.call('/v1/jobs/req_nothing'), status: 404, code: 'not_found' },
  { name: 'no key', send: (club) => club.call('/v1/models', { key: null }), status: 401, code: 'invalid_api_key' },
  {
    name: 'a wrong key',
    send: (club) => club.call('/v1/models', { key: 'ic_not_a_key_of_anybody_here' }),
    status: 401,
    code: 'invalid_api_key'
  },
  { name: 'no key and a body', send: post(GENERATIONS, { json: {}, key: null }), status: 401, code: 'invalid_api_key' },
  { name: 'GET where POST belongs', send: (club) => club.call(GENERATIONS), status: 405, code: 'method_not_allowed' },
  {
    name: 'DELETE of the models',
    send: (club) => club.call('/v1/models', { method: 'DELETE' }),
    status: 405,
    code: 'method_not_allowed'
  },
  {
    name: 'PUT with the content type that curl gives a body',
    send: (club) =>
      club.call(GENERATIONS, {
        method: 'PUT',
        body: '{}',
        headers: { 'content-type': 'application/x-www-form-urlencoded' }
      }),
    status: 405,
    code: 'method_not_allowed'
  }
]

async function failing(club: Club): Promise<string> {
  const { failingModel } = club.options
  if (failingModel === undefined) throw new Unchecked('it needs a --failing-model whose image server always fails')
  return failingModel
}

export const errors: AcceptanceCase[] = [
  ...REFUSED.map(({ name, send, ...refusal }) => ({
    name: `${name}: ${refusal.status} ${refusal.code}`,
    rule: 'the table of errors',
    run: async (club: Club) => {
      await club.model()
      const answer = await send(club)
      isRefused(answer, refusal)
      if (refusal.status === 401) assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer/)
      if (refusal.status === 405) assert.ok(answer.headers.get('allow'))
    }
  })),
  {
    name: 'a file over the limit: 413 file_too_large',
    rule: 'the table of errors',
    run: async (club) => {
      // Without a prompt, so that a club that takes such files makes nothing of it.
      const answer = await club.edit<ErrorBody>([
        ['image', blob(await heavyPng(HEAVY))],
        ['prompt', '']
      ])
      if (answer.body?.error?.code === 'missing_prompt') throw new Unchecked('this club takes files of 26 MiB')
      isRefused(answer, { status: 413, code: 'file_too_large', param: 'image' })
    }
  },
  {
    name: 'a key that may not: 403 permission_denied',
    rule: 'the table of errors',
    run: async (club) => {
      const key = club.keyFor('agentKey', 'an --agent-key, one without the scope generate')
      isRefused(await club.call('/v1/models', { key }), { status: 403, code: 'permission_denied' })
    }
  },
  {
    name: 'more images than the key has left: 429 insufficient_quota',
    rule: 'the table of errors',
    run: async (club) => {
      const key = club.keyFor('limitedKey', 'a --limited-key with one image a day and at most twenty calls a minute')
      isRefused(await club.generate({ n: 2 }, { key }), { status: 429, code: 'insufficient_quota' })
    }
  },
  {
    name: 'more calls than the key may make: 429 rate_limit_exceeded, and how long to wait',
    rule: 'the table of errors',
    run: async (club) => {
      const key = club.keyFor('limitedKey', 'a --limited-key with one image a day and at most twenty calls a minute')
      for (let call = 0; call <= 20; call++) {
        const answer = await club.call('/v1/models', { key, isImpatient: true })
        for (const name of ['limit', 'remaining', 'reset']) {
          assert.ok(answer.headers.get(`x-ratelimit-${name}-requests`), `x-ratelimit-${name}-requests is missing`)
        }
        if (answer.status === 429) return isRefused(answer, { status: 429, code: 'rate_limit_exceeded' })
      }
      throw new Unchecked('the --limited-key may make more than twenty calls a minute')
    }
  },
  {
    name: 'an image server that always fails: 502 upstream_error, once',
    rule: 'the table of errors',
    run: async (club) => {
      isRefused(await club.generate({ model: await failing(club) }), { status: 502, code: 'upstream_error' })
    }
  },
  {
    name: 'an image server that refuses the content: 400 content_rejected, once',
    rule: 'the table of errors',
    run: async (club) => {
      const { refusingModel: model } = club.options
      if (model === undefined) throw new Unchecked('it needs a --refusing-model, which refuses every prompt')
      const answer = await club.generate({ model })
      isRefused(answer, { status: 400, code: 'content_rejected' })
      assert.equal(answer.headers.get('x-should-retry'), 'false')
      const { attempts } = (await club.call<{ data: { attempts: unknown[] }[] }>('/v1/jobs?limit=1')).body.data[0] ?? {}
      assert.equal(attempts?.length, 1)
    }
  },
  {
    name: 'a job whose image server always fails: FAILED, its events end with the error',
    rule: 'docs/jobs.md',
    run: async (club) => {
      const { id } = (await club.startJob({ model: await failing(club) })).body
      const job = await club.finished(id)
      assert.equal(job.status, 'FAILED')
      assert.equal(job.error?.code, 'upstream_error')
      const { text } = await club.call(`/v1/jobs/${id}/events`)
      assert.match(text, /^event: error\ndata: \{"error":/m)
    }
  }
]

/** Errors of the table that nobody can provoke from outside, and why. */
export const NOT_FROM_OUTSIDE: readonly { code: string; why: string }[] = [
  { code: 'timeout', why: 'an image would have to take longer than the club waits (280 s unless set)' },
  { code: 'queue_full', why: 'the queue would have to be filled' },
  { code: 'upstream_busy', why: 'every image server of a model would have to ask for patience' },
  { code: 'shutting_down', why: 'the server would have to be stopped' },
  { code: 'storage_unavailable', why: 'the disk would have to be full' },
  { code: 'database_unavailable', why: 'the database would have to be gone' },
  { code: 'internal_error', why: 'it would be a fault of the server' }
]
