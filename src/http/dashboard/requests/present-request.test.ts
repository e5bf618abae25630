import { describe, expect, it } from 'vitest'
import type { RequestView } from '../../../request-views/view-request.ts'
import { presentDetail, presentSummary } from './present-request.ts'

type Attempt = RequestView['attempts'][number]

const owner = { id: 'usr_1', name: 'Ann' }

const image = (id: string, change = {}): RequestView['outputs'][number] => ({
  ...{ id, owner_id: 'usr_1', request_id: 'req_1', kind: 'output', position: 0, storage_key: `images/${id}` },
  ...{
    media_type: 'image/png',
    bytes: 10,
    sha256: 'x',
    width: 4,
    height: 3,
    seed: 7,
    created_at: 1,
    has_alpha: 0,
    delivered_at: null
  },
  ...change
})

const attempt = (change: Partial<Attempt>): Attempt => ({
  ...{ id: 'att_1', task_id: 'tsk_0', request_id: 'req_1', service_id: 'svc_1', provider_id: 'prv_1', epoch: 1 },
  ...{ token_hash: 'secret', state: 'succeeded', lease_until: 0, assigned_at: 150, progressed_at: null, progress: 0 },
  ...{ finished_at: null, generating_ms: null, reason: null, reason_message: null },
  ...{ position: 0, provider_name: 'gpu', service_name: 'images', owner_id: 'usr_1', owner_name: 'Ada', ...change }
})

const task = (position: number, change = {}) =>
  ({ id: `tsk_${position}`, position, state: 'succeeded', queued_at: 100, ...change }) as RequestView['tasks'][number]

function view(change: Partial<RequestView['request']> = {}, parts: Partial<RequestView> = {}): RequestView {
  const request = {
    ...{ id: 'req_1', user_id: 'usr_1', api_key_id: 'key_1', kind: 'edit', state: 'succeeded', is_async: 1 },
    ...{ model: 'm', prompt: 'a fox', parameters: '{}', n: 1, end_user: null, batch_id: null, batch_position: null },
    ...{ webhook_url: null, created_at: 100, started_at: 110, finished_at: 200, warnings: '[]' },
    ...{ error_code: null, error_message: null, ...change }
  } as RequestView['request']
  const parameters = { extra: {} }
  const none = { attempts: [], inputs: [], outputs: [], reports: new Map(), warnings: [] }
  return { request, parameters, tasks: [task(0)], ...none, ...parts }
}

describe('a summary', () => {
  it('has the images, and the mask apart from the sources', () => {
    const inputs = [image('ast_1', { kind: 'input' }), image('ast_2', { kind: 'mask', seed: null })]
    const summary = presentSummary(view({}, { inputs, outputs: [image('ast_3', { position: 2 })] }), {
      owner,
      queue: undefined
    })
    const shown = { width: 4, height: 3, mediaType: 'image/png', bytes: 10 }
    expect(summary).toMatchObject({
      inputs: [{ id: 'ast_1', position: 0, ...shown, seed: 7 }],
      mask: { id: 'ast_2', position: 0, ...shown, seed: null },
      images: [{ id: 'ast_3', position: 2, ...shown, seed: 7 }]
    })
    expect(presentSummary(view(), { owner, queue: undefined })).toMatchObject({ images: [], inputs: [], mask: null })
  })

  it('of one that was begun is that of one that waits while nobody may go on with it, with the reason', () => {
    const status = (states: string[], queue?: object) =>
      presentSummary(view({ state: 'running' }, { tasks: states.map((state, at) => task(at, { state })) }), {
        owner,
        queue
      })
    const wait = { reason: 'unusable' } as const
    expect(status(['succeeded', 'queued'], { position: 1, wait })).toMatchObject({
      status: 'queued',
      wait: { reason: 'unusable', until: null }
    })
    expect(status(['running', 'queued'], { position: 1, wait }).status).toBe('running')
    for (const done of ['succeeded', 'failed']) expect(status([done, 'queued'], { position: 1 }).status).toBe('running')
    expect(status(['succeeded', 'queued']).status).toBe('running')
  })

  it('of one that was begun is that of one that waits while nothing has come of it, whoever may go on with it', () => {
    const status = (states: string[], queue?: object) =>
      presentSummary(view({ state: 'running' }, { tasks: states.map((state, at) => task(at, { state })) }), {
        owner,
        queue
      }).status
    expect(status(['queued'], { position: 1 })).toBe('queued')
    expect(status(['queued', 'queued'])).toBe('queued')
    expect(status(['queued', 'running'], { position: 1 })).toBe('running')
  })

  it('tells of each provider once, in the order they began', () => {
    const attempts = ['b', 'a', 'b'].map((provider_name) => attempt({ provider_name }))
    expect(presentSummary(view({}, { attempts }), { owner, queue: undefined }).providers).toEqual(['b', 'a'])
  })

  it('has the size that was asked for, or none', () => {
    const parameters = { size: { width: 640, height: 480 }, extra: {} }
    expect(presentSummary(view({}, { parameters }), { owner, queue: undefined }).size).toEqual({
      width: 640,
      height: 480
    })
    expect(presentSummary(view(), { owner, queue: undefined }).size).toBeNull()
  })

  it('has its place in the queue where that is known', () => {
    const waiting = view(
      { state: 'queued', started_at: null, finished_at: null },
      { tasks: [task(0, { state: 'queued' })] }
    )
    expect(presentSummary(waiting, { owner, queue: undefined })).toMatchObject({
      queuePosition: null,
      etaSeconds: null,
      progress: 0
    })
    const queue = { position: 3, etaSeconds: 12 }
    expect(presentSummary(waiting, { owner, queue })).toMatchObject({ queuePosition: 3, etaSeconds: 12 })
  })

  it('of a request that failed says why, of any other nothing', () => {
    const end = { error_code: 'upstream_error', error_message: 'It broke.' }
    const error = { code: 'upstream_error', message: 'It broke.' }
    expect(presentSummary(view({ ...end, state: 'failed' }), { owner, queue: undefined }).error).toEqual(error)
    expect(presentSummary(view({ ...end, state: 'canceled' }), { owner, queue: undefined }).error).toBeNull()
  })

  it.each<[string | null, object]>([
    ['missing', { unbegun: { reason: 'missing', machines: ['prv_1'] } }],
    // Of before it was kept, and of a newer version.
    [null, {}],
    ['from_the_future', {}]
  ])('of a request that nobody could begin says why, and where: %s', (error_reason, more) => {
    const end = { error_code: 'upstream_busy', error_message: 'Busy.', error_reason, error_machines: '["prv_1"]' }
    const { error } = presentSummary(view({ ...end, state: 'failed' }), { owner, queue: undefined })
    expect(error).toEqual({ code: 'upstream_busy', message: 'Busy.', ...more })
  })
})

describe('the details', () => {
  const detail = (of: RequestView) =>
    presentDetail(of, { owner, queue: undefined, key: null, readerId: 'usr_1', looks: [] })

  it('say whether it is the reader who owns it', () => {
    expect(detail(view()).isMine).toBe(true)
    expect(presentDetail(view(), { owner, queue: undefined, key: null, readerId: 'usr_2', looks: [] }).isMine).toBe(
      false
    )
  })

  it('spell parameters as the API does and keep what nobody may see', () => {
    const parameters = {
      size: { width: 64, height: 32 },
      negative_prompt: 'dark',
      guidance_scale: 3,
      extra: { lora: 'x' }
    }
    const shown = detail(view({ n: 2 }, { parameters, attempts: [attempt({})], outputs: [image('ast_1')] }))
    expect(shown.parameters).toEqual({ n: 2, size: '64x32', negative_prompt: 'dark', guidance_scale: 3, lora: 'x' })
    expect(JSON.stringify(shown)).not.toMatch(/secret|images\/ast|sha256/)
  })

  it('tell of each image how its prompt was rewritten, where that is known', () => {
    const outputs = [image('ast_1'), image('ast_2', { position: 2 })]
    const reports = new Map([['ast_2', { revised_prompt: 'A red fox.', quality: 'high' as const }]])
    expect(detail(view({}, { outputs, reports })).revisedPrompts).toEqual([{ image: 2, prompt: 'A red fox.' }])
  })

  it('tell since when an image waited for each attempt', () => {
    const attempts = [
      attempt({ id: 'a', assigned_at: 150, finished_at: 180, state: 'failed' }),
      attempt({ id: 'other image', task_id: 'tsk_1', position: 1, assigned_at: 155, finished_at: 185 }),
      attempt({ id: 'b', assigned_at: 190, finished_at: 195, state: 'failed' }),
      attempt({ id: 'after a retry by hand', assigned_at: 310 })
    ]
    const tasks = [task(0, { queued_at: 300 }), task(1, { queued_at: 100 })]
    const waits = detail(view({}, { attempts, tasks })).attempts.map(({ queuedAt, assignedAt }) => [
      queuedAt,
      assignedAt
    ])
    expect(waits).toEqual([
      [100, 150],
      [100, 155],
      [180, 190],
      [300, 310]
    ])
  })

  it('tell the reason of an attempt, and apart from it what its agent said', () => {
    const attempts = [attempt({ reason: 'timeout', reason_message: 'Too slow.' }), attempt({ reason: 'canceled' })]
    const reasons = detail(view({}, { attempts })).attempts.map(({ reason, message }) => [reason, message])
    expect(reasons).toEqual([
      ['timeout', 'Too slow.'],
      ['canceled', null]
    ])
  })
})
