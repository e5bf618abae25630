import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  AGENT_MESSAGES,
  type AgentMessage,
  AttemptResult,
  decodeAttemptResult,
  encodeAttemptResult,
  type GatewayMessage,
  MAX_MESSAGE_BYTES,
  readAgentMessage,
  readGatewayMessage
} from './messages.ts'
import { PREVIEW_LIMITS } from '../images/make-preview.ts'
import { cleanText } from '../lib/clean-text.ts'

const hello = {
  type: 'agent.hello',
  protocol: 1,
  name: 'home-rig',
  agent_version: '1.2.3',
  services: [
    {
      name: 'comfy',
      type: 'image',
      engine: 'comfyui',
      description: 'in the cellar',
      concurrency: 2,
      timeout_ms: 240_000,
      access: ['a@example.org'],
      models: [{ id: 'sdxl', features: ['generate', 'edit'] }]
    },
    { name: 'words', type: 'text', concurrency: 1, timeout_ms: 1, access: 'private', models: [] }
  ],
  attempts: [{ id: 'att_1', token: 'lease_1' }]
} satisfies AgentMessage

const service = hello.services[0]!
const failed = {
  type: 'attempt.failed',
  attempt_id: 'att_1',
  token: 't',
  fault: 'crashed',
  message: 'It fell.'
} as const

describe('what an agent says', () => {
  it.each<AgentMessage>([
    hello,
    { ...hello, services: [], attempts: [] },
    { type: 'agent.heartbeat' },
    { type: 'agent.draining' },
    { type: 'attempt.progress', attempt_id: 'att_1', step: 0, steps: 0 },
    { type: 'attempt.preview', attempt_id: 'att_1', media_type: 'image/png', b64_json: 'iVBORw0=' },
    failed,
    { ...failed, fault: 'content_rejected', message: '' },
    { type: 'attempt.stopped', attempt_id: 'att_1' }
  ])('is read as it was sent: $type', (message) => {
    expect(readAgentMessage(JSON.stringify(message))).toEqual({ message })
  })

  it('may hold members that a later version adds', () => {
    const message = { type: 'agent.heartbeat', load: 0.5 }
    expect(readAgentMessage(JSON.stringify(message)).message).toMatchObject({ type: 'agent.heartbeat' })
  })

  it.each<[string, unknown]>([
    ['no type', {}],
    ['an unknown type', { type: 'agent.dance' }],
    ["the gateway's words", { type: 'attempt.cancel', attempt_id: 'att_1' }],
    ['null', null],
    ['a list', [hello]],
    ['a text', 'agent.heartbeat'],
    ['no protocol', { ...hello, protocol: undefined }],
    ['a nameless agent', { ...hello, name: '' }],
    ['a name without end', { ...hello, name: 'n'.repeat(101) }],
    ['a service without a name', { ...hello, services: [{ ...service, name: '' }] }],
    ['no slots', { ...hello, services: [{ ...service, concurrency: 0 }] }],
    ['half a slot', { ...hello, services: [{ ...service, concurrency: 1.5 }] }],
    ['too many slots', { ...hello, services: [{ ...service, concurrency: 1001 }] }],
    ['more held ready than there may be', { ...hello, services: [{ ...service, prefetch: 11 }] }],
    ['less than nothing held ready', { ...hello, services: [{ ...service, prefetch: -1 }] }],
    ['an unknown access', { ...hello, services: [{ ...service, access: 'everybody' }] }],
    ['an unknown feature', { ...hello, services: [{ ...service, models: [{ id: 'x', features: ['fly'] }] }] }],
    ['too many services', { ...hello, services: Array(101).fill(service) }],
    ['attempts without token', { ...hello, attempts: [{ id: 'att_1' }] }],
    ['a step below zero', { type: 'attempt.progress', attempt_id: 'att_1', step: -1, steps: 2 }],
    ['a fault of no kind', { ...failed, fault: 'tired' }],
    ['a reason without end', { ...failed, message: 'x'.repeat(1001) }],
    ['no attempt', { ...failed, attempt_id: '' }]
  ])('is refused with %s', (_what, message) => {
    expect(readAgentMessage(JSON.stringify(message))).toEqual({ problem: expect.stringMatching(/./) })
  })

  it.each(['', 'hello', '{', '{"type":"agent.heartbeat"', 'undefined', 'NaN', '\u0000', '{"type":"agent.heartbeat"}}'])(
    'is refused when it is not JSON: %j',
    (text) => {
      expect(readAgentMessage(text)).toEqual({ problem: expect.stringMatching(/./) })
    }
  )

  it('never throws, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.object().map((value) => JSON.stringify(value))
        ),
        (text) => {
          readAgentMessage(text)
          readGatewayMessage(text)
        }
      )
    )
  })

  it('fits into a frame with the largest preview there may be', () => {
    const message: AgentMessage = {
      type: 'attempt.preview',
      attempt_id: 'a'.repeat(200),
      media_type: 'image/jpeg',
      b64_json: Buffer.alloc(PREVIEW_LIMITS.maxBytes).toString('base64')
    }
    const text = JSON.stringify(message)
    expect(text.length).toBeLessThan(MAX_MESSAGE_BYTES)
    expect(readAgentMessage(text)).toEqual({ message })
  })
})

/** Where a schema lets numbers, texts and lists be as large as they like. */
function boundless(schema: unknown, path: string): string[] {
  if (typeof schema !== 'object' || schema === null || 'const' in schema) return []
  const { type, maximum, minimum, maxLength, maxItems } = schema as Record<string, unknown>
  const safe = (bound: unknown) => typeof bound === 'number' && Number.isSafeInteger(bound)
  const fine =
    type === 'integer' || type === 'number'
      ? safe(maximum) && safe(minimum)
      : (type !== 'string' || safe(maxLength)) && (type !== 'array' || safe(maxItems))
  const below = Object.entries(schema).flatMap(([name, member]) => boundless(member, `${path}.${name}`))
  return fine ? below : [path, ...below]
}

describe('an inventory', () => {
  const inventory = { type: 'service.inventory', service: 's', models: [], loras: [], more_models: 0, more_loras: 0, usable_loras: [] } // prettier-ignore
  const found = { name: 'm', serves: [] }
  it.each<[string, (count: number) => object, number]>([
    ['models', (count) => ({ models: Array(count).fill(found) }), 200],
    ['names of models', (count) => ({ models: [{ ...found, name: 'x'.repeat(count) }] }), 200],
    ['models that one serves', (count) => ({ models: [{ ...found, serves: Array(count).fill('a') }] }), 20],
    ['bytes', (count) => ({ models: [{ ...found, bytes: count }] }), 2 ** 52],
    ['LoRAs', (count) => ({ loras: Array(count).fill('l') }), 300],
    ['names of LoRAs', (count) => ({ loras: ['x'.repeat(count)] }), 200],
    ['LoRAs of a model', (count) => ({ usable_loras: [{ models: [], loras: Array(count).fill('l') }] }), 200],
    ['models of LoRAs', (count) => ({ usable_loras: [{ models: Array(count).fill('m'), loras: [] }] }), 500],
    ['lists of LoRAs', (count) => ({ usable_loras: Array(count).fill({ models: [], loras: [] }) }), 50],
    ['models beyond the list', (more_models) => ({ more_models }), 1_000_000],
    ['LoRAs beyond the list', (more_loras) => ({ more_loras }), 1_000_000]
  ])('has bounded %s', (_what, more, most) => {
    const read = (count: number) => readAgentMessage(JSON.stringify({ ...inventory, ...more(count) }))
    expect(read(most).problem).toBeUndefined()
    expect(read(most + 1).problem).toBeDefined()
  })

  it('has names that do nothing to whoever reads them', () => {
    expect(readAgentMessage(JSON.stringify({ ...inventory, loras: ['a\u202eb'] })).problem).toBeDefined()
  })
})

describe('an answer to the owner’s word', () => {
  const answer = { type: 'service.offered', service: 's', revision: 1, models: [], refused: [] }
  const model = { name: 'm', id: 'm', features: [] }
  it.each<[string, (count: number) => object, number]>([
    ['models', (count) => ({ models: Array(count).fill(model) }), 50],
    ['ids', (count) => ({ models: [{ ...model, id: 'x'.repeat(count) }] }), 200],
    ['names', (count) => ({ models: [{ ...model, name: 'x'.repeat(count) }] }), 200],
    ['features', (count) => ({ models: [{ ...model, features: Array(count).fill('edit') }] }), 20],
    ['refusals', (count) => ({ refused: Array(count).fill({ name: 'm', text: '' }) }), 50],
    ['reasons', (count) => ({ refused: [{ name: 'm', text: 'x'.repeat(count) }] }), 300]
  ])('has bounded %s', (_what, more, most) => {
    const read = (count: number) => readAgentMessage(JSON.stringify({ ...answer, ...more(count) }))
    expect(read(most).problem).toBeUndefined()
    expect(read(most + 1).problem).toBeDefined()
  })
})

describe('an answer to the owner’s wish', () => {
  const answer = { type: 'service.warmed', service: 's', model: 'm', wish: 'w', state: 'warmed', text: '' }
  it.each<[string, number]>([
    ['service', 100],
    ['model', 200],
    ['wish', 200],
    ['text', 300]
  ])('has a bounded %s', (field, most) => {
    const read = (count: number) => readAgentMessage(JSON.stringify({ ...answer, [field]: 'x'.repeat(count) }))
    expect(read(most).problem).toBeUndefined()
    expect(read(most + 1).problem).toMatch(new RegExp(`^${field} `))
  })

  it('is in one of its states', () => {
    for (const state of ['waiting', 'warming', 'warmed', 'refused', 'failed', 'unsupported']) {
      expect(readAgentMessage(JSON.stringify({ ...answer, state })).problem).toBeUndefined()
    }
    expect(readAgentMessage(JSON.stringify({ ...answer, state: 'burning' })).problem).toBeDefined()
  })
})

describe('bounds', () => {
  it('are there for everything an agent may say', () => {
    expect(boundless(AGENT_MESSAGES, 'message')).toEqual([])
    expect(boundless(AttemptResult, 'result')).toEqual([])
    expect(boundless({ type: 'object', properties: { a: { type: 'integer' } } }, 'x')).toEqual(['x.properties.a'])
  })

  const ofService = (change: object) => ({ ...hello, services: [{ ...service, ...change }] })
  const progress = (change: object) => ({ type: 'attempt.progress', attempt_id: 'a', step: 0, steps: 0, ...change })

  it.each<[string, (value: number) => unknown, number, number]>([
    ['protocol', (protocol) => ({ ...hello, protocol }), 0, 1_000_000],
    ['services.0.timeout_ms', (timeout_ms) => ofService({ timeout_ms }), 1, 86_400_000],
    ['services.0.images_per_hour', (images_per_hour) => ofService({ images_per_hour }), 1, 1_000_000],
    ['services.0.images_per_user_hour', (images_per_user_hour) => ofService({ images_per_user_hour }), 1, 1_000_000],
    ['services.0.concurrency', (concurrency) => ofService({ concurrency }), 1, 1000],
    ['services.0.prefetch', (prefetch) => ofService({ prefetch }), 0, 10],
    ['step', (step) => progress({ step }), 0, 1_000_000],
    ['steps', (steps) => progress({ steps }), 0, 1_000_000]
  ])('of %s: what is past them is refused by its name', (field, messageOf, least, most) => {
    const read = (value: number) => readAgentMessage(JSON.stringify(messageOf(value)))
    for (const value of [least, most]) expect(read(value).problem).toBeUndefined()
    for (const value of [least - 1, most + 1, 0.5, 2 ** 53, 2 ** 53 + 2, 1e300]) {
      expect(read(value).problem).toMatch(new RegExp(`^${field} must be`))
    }
  })

  it.each([
    ['name', (text: string) => ({ ...hello, name: text }), 100],
    ['accepts.0', (type: string) => ({ ...hello, accepts: [type] }), 40],
    ['attempt_id', (attempt_id: string) => ({ type: 'attempt.ready', attempt_id }), 200],
    ['attempt_id', (attempt_id: string) => ({ type: 'attempt.begun', attempt_id }), 200],
    ['services.0.name', (name: string) => ofService({ name }), 100],
    ['services.0.models.0.id', (id: string) => ofService({ models: [{ id, features: [] }] }), 200]
  ])('of %s, which does not deceive', (field, messageOf, most) => {
    const read = (text: string) => readAgentMessage(JSON.stringify(messageOf(text)))
    expect(read('n'.repeat(most)).problem).toBeUndefined()
    expect(read('n'.repeat(most + 1)).problem).toMatch(new RegExp(`^${field} must not have more than ${most}`))
    for (const text of ['a\u202eb', 'a\x1b[2J', 'a\u200bb', 'a\nb', '\x9b']) {
      expect(read(text).problem).toBe(`${field} must not have control or invisible characters`)
    }
  })

  it.each(['models_missing', 'models_loaded'])('of %s: so many', (field) => {
    const read = (count: number) =>
      readAgentMessage(
        JSON.stringify({ type: 'service.state', service: 's', state: 'ok', text: '', [field]: Array(count).fill('m') })
      ).problem
    expect(read(500)).toBeUndefined()
    expect(read(501)).toMatch(new RegExp(`^${field} `))
  })

  it('of a hello: so many services and models', () => {
    const models = (count: number) => Array.from({ length: count }, (_, index) => ({ id: `m${index}`, features: [] }))
    const read = (message: unknown) => readAgentMessage(JSON.stringify(message)).problem
    expect(read(ofService({ models: models(500) }))).toBeUndefined()
    expect(read(ofService({ models: models(501) }))).toMatch(/^services\.0\.models /)
    expect(read({ ...hello, services: Array(101).fill(service) })).toMatch(/^services /)
    expect(read({ ...hello, accepts: Array(100).fill('a.message') })).toBeUndefined()
    expect(read({ ...hello, accepts: Array(101).fill('a.message') })).toMatch(/^accepts /)
  })
})

describe('texts of an agent', () => {
  it('come clean', () => {
    const { message } = readAgentMessage(JSON.stringify({ ...failed, message: 'Out of \x1b[31mmemory\u202e.\nSorry' }))
    expect(message).toEqual({ ...failed, message: 'Out of memory. Sorry' })
    const described = { ...hello, services: [{ ...service, description: '\x1b]52;c;AAAA\x07fast' }] }
    expect(readAgentMessage(JSON.stringify(described)).message).toMatchObject({ services: [{ description: 'fast' }] })
  })

  it('do not exhaust the stack, however deep they lie', () => {
    const depth = 200_000
    const text = `{"type":"agent.heartbeat","x":${'['.repeat(depth)}"\\u001b"${']'.repeat(depth)}}`
    expect(readAgentMessage(text).message).toMatchObject({ type: 'agent.heartbeat' })
  })
})

describe('what a gateway says', () => {
  const task = {
    kind: 'generation',
    prompt: '🦊 "x"\n',
    seed: 4_294_967_295,
    extra: { a: [null, { b: 1 }] },
    inputs: []
  } as const
  const assigned = {
    type: 'attempt.assigned',
    attempt_id: 'att_1',
    token: 't',
    service: 's',
    model: 'm',
    task
  } as const

  it.each<GatewayMessage>([
    { type: 'gateway.welcome', provider_id: 'prv_1', lease_ms: 30_000, heartbeat_ms: 10_000, gone: ['att_1'] },
    { ...assigned, task: { ...task, extra: { a: [null, { b: 1 }] }, inputs: [] } },
    {
      ...assigned,
      task: {
        kind: 'edit',
        prompt: 'p',
        seed: 0,
        size: { width: 64, height: 32 },
        negative_prompt: 'n',
        steps: 3,
        guidance_scale: 2.5,
        sampler: 'euler',
        strength: 0.5,
        output_format: 'webp',
        output_compression: 70,
        quality: 'high',
        background: 'transparent',
        moderation: 'low',
        style: 'vivid',
        extra: {},
        inputs: [{ name: 'image0', media_type: 'image/png', width: 64, height: 32 }]
      }
    },
    { type: 'attempt.cancel', attempt_id: 'att_1' }
  ])('is read as it was sent: $type', (message) => {
    expect(readGatewayMessage(JSON.stringify(message))).toEqual({ message })
  })

  it.each<[string, unknown]>([
    ['a task without a prompt', { ...assigned, task: { ...task, prompt: undefined } }],
    ['a seed beyond 32 bits', { ...assigned, task: { ...task, seed: 2 ** 32 } }],
    ['an unknown kind', { ...assigned, task: { ...task, kind: 'video' } }],
    ["an agent's words", { type: 'agent.heartbeat' }],
    [
      'a heartbeat that floods it',
      { type: 'gateway.welcome', provider_id: 'p', lease_ms: 1000, heartbeat_ms: 1, gone: [] }
    ],
    ['a token with a line in it', { ...assigned, token: 't\r\nx: y' }]
  ])('is refused with %s', (_what, message) => {
    expect(readGatewayMessage(JSON.stringify(message)).problem).toMatch(/./)
  })

  const input = { name: 'image0', media_type: 'image/png', width: 64, height: 32 }
  it.each<[string, (count: number) => object[], number]>([
    ['inputs', (count) => Array<object>(count).fill(input), 100],
    ['bytes of an input', (bytes) => [{ ...input, bytes }], Number.MAX_SAFE_INTEGER]
  ])('has bounded %s', (_what, inputsOf, most) => {
    const read = (count: number) =>
      readGatewayMessage(JSON.stringify({ ...assigned, task: { ...task, inputs: inputsOf(count) } }))
    expect(read(most).problem).toBeUndefined()
    expect(read(most + 1).problem).toBeDefined()
  })
})

describe('what a gateway asks of an agent beside images', () => {
  const reached = { service: 's', cap: 'images_per_hour', images: 1, for_ms: 0 }
  const capped = (change: object) => ({ type: 'provider.capped', reached: [{ ...reached, ...change }] })
  const warm = (change: object) => ({ type: 'service.warm', service: 's', model: 'm', wish: 'w', ...change })
  it.each<[string, (count: number) => object, number]>([
    ['wishes', (count) => warm({ wish: 'x'.repeat(count) }), 200],
    ['models', (count) => warm({ model: 'x'.repeat(count) }), 200],
    ['attempts to begin', (count) => ({ type: 'attempt.start', attempt_id: 'x'.repeat(count) }), 200],
    ['caps', (count) => ({ type: 'provider.capped', reached: Array(count).fill(reached) }), 200],
    ['services that are closed', (count) => ({ ...capped({}), closed: Array(count).fill('s') }), 100],
    ['names of these', (count) => ({ ...capped({}), closed: ['x'.repeat(count)] }), 100],
    ['services of caps', (count) => capped({ service: 'x'.repeat(count) }), 100],
    ['images of a cap', (images) => capped({ images }), 1_000_000],
    ['waits for a cap', (for_ms) => capped({ for_ms }), 86_400_000]
  ])('has bounded %s', (_what, messageOf, most) => {
    const read = (count: number) => readGatewayMessage(JSON.stringify(messageOf(count)))
    expect(read(most).problem).toBeUndefined()
    expect(read(most + 1).problem).toBeDefined()
  })
})

/** Of a proxy with its defaults, the name of the header included. */
const LONGEST_LINE = 8 * 1024 - 100

describe('what travels with the bytes', () => {
  const result = { seed: 5, warnings: ['Größe "x" 🦊 was not used.'], generating_ms: 1234 }

  it('arrives as it was sent, in a header', () => {
    expect(encodeAttemptResult(result)).toMatch(/^[\w-]+$/)
    expect(decodeAttemptResult(encodeAttemptResult(result))).toEqual(result)
  })

  it('may hold a seed of an engine that counts beyond 32 bits', () => {
    const huge = { ...result, seed: Number.MAX_SAFE_INTEGER }
    expect(decodeAttemptResult(encodeAttemptResult(huge))).toEqual(huge)
  })

  it('is always small enough for a header and always understood, however many warnings there are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 1500, size: 'max' }), { maxLength: 80, size: 'max' }),
        (warnings) => {
          const header = encodeAttemptResult({ ...result, warnings })
          expect(header.length).toBeLessThan(LONGEST_LINE)
          const { warnings: arrived, ...rest } = decodeAttemptResult(header)!
          expect(rest).toEqual({ seed: 5, generating_ms: 1234 })
          expect(arrived.length).toBeLessThanOrEqual(50)
          arrived.forEach((warning, index) =>
            expect(cleanText(warnings[index] ?? '').slice(0, 20)).toBe(warning.slice(0, 20))
          )
        }
      ),
      // Of what fast-check takes for characters some are harmful to readers.
      { numRuns: 20, examples: [[['a\u2028b']]] }
    )
  })

  it('keeps every warning of a usual number', () => {
    const warnings = Array.from(
      { length: 30 },
      (_, index) => `'field_${index}' is not supported here and was not used.`
    )
    expect(decodeAttemptResult(encodeAttemptResult({ ...result, warnings }))?.warnings).toEqual(warnings)
  })

  it('says no more than is possible, and nothing harmful', () => {
    const header = encodeAttemptResult({ seed: 1, warnings: ['a\x1b[2J\u202eb'], generating_ms: 1e300 })
    expect(decodeAttemptResult(header)).toEqual({ seed: 1, warnings: ['ab'], generating_ms: 86_400_000 })
    const raw = Buffer.from(JSON.stringify({ ...result, warnings: ['a\x1b[2J\u202eb'] })).toString('base64url')
    expect(decodeAttemptResult(raw)?.warnings).toEqual(['ab'])
  })

  describe('of what the image server said', () => {
    const tokens = { text_tokens: Number.MAX_SAFE_INTEGER, image_tokens: Number.MAX_SAFE_INTEGER }
    const usage = {
      ...{ total_tokens: tokens.text_tokens, input_tokens: tokens.text_tokens, output_tokens: tokens.text_tokens },
      ...{ input_tokens_details: tokens, output_tokens_details: tokens }
    }
    const report = { quality: 'standard' as const, background: 'transparent' as const, usage }
    const arrived = (more: Partial<AttemptResult>) => decodeAttemptResult(encodeAttemptResult({ ...result, ...more }))
    const promptArrived = (revised_prompt: string) => arrived({ report: { revised_prompt } })?.report?.revised_prompt

    it('is as it was sent', () => {
      const whole = { ...report, revised_prompt: 'Ein "roter" Fuchs 🦊' }
      expect(arrived({ report: whole })?.report).toEqual(whole)
      expect(arrived({ report: {} })?.report).toEqual({})
      expect(arrived({})).not.toHaveProperty('report')
    })

    it.each([
      ['x', 2816],
      ['ü', 1408],
      ['雪', 938],
      ['🦊', 704],
      ['"', 1408]
    ])('is a revised prompt of %s up to 2816 bytes, and cut beyond', (character, most) => {
      expect(promptArrived(character.repeat(most))).toBe(character.repeat(most))
      const cut = promptArrived(character.repeat(most + 1))!
      expect(cut).toMatch(/^[^…]+…$/u)
      expect(cut.isWellFormed()).toBe(true)
      const bytes = Buffer.byteLength(JSON.stringify(cut)) - 2
      expect(bytes).toBeLessThanOrEqual(2816)
      expect(bytes).toBeGreaterThan(2808)
    })

    it('leaves half of the header to warnings, and warnings leave it whole', () => {
      const warnings = Array<string>(60).fill('w'.repeat(1500))
      const revised_prompt = 'x'.repeat(32_000)
      const header = encodeAttemptResult({ ...result, warnings, report: { ...report, revised_prompt } })
      expect(header.length).toBeLessThan(LONGEST_LINE)
      const both = decodeAttemptResult(header)!
      expect(both.warnings).toHaveLength(2)
      expect(both.report).toEqual({ ...report, revised_prompt: `${'x'.repeat(2813)}…` })
    })

    it('is clean, be the agent honest or not', () => {
      const revised_prompt = 'a\x1b[2J\u202eb'
      expect(promptArrived(revised_prompt)).toBe('ab')
      const raw = Buffer.from(JSON.stringify({ ...result, report: { revised_prompt } })).toString('base64url')
      expect(decodeAttemptResult(raw)?.report).toEqual({ revised_prompt: 'ab' })
    })

    it.each<[string, unknown, boolean]>([
      ['words of later versions', { quality: 'u'.repeat(40), background: 'b'.repeat(40), later: { x: [1] } }, true],
      ['a word without end', { quality: 'u'.repeat(41) }, false],
      ['the longest prompt', { revised_prompt: 'x'.repeat(2816) }, true],
      ['a longer prompt', { revised_prompt: 'x'.repeat(2817) }, false],
      ['half a usage', { usage: { ...usage, input_tokens_details: undefined } }, false],
      ['usage below zero', { usage: { ...usage, total_tokens: -1 } }, false],
      ['usage beyond what counts exactly', { usage: { ...usage, total_tokens: 2 ** 53 } }, false],
      ['a list', [], false]
    ])('with %s is understood or not: %#', (_what, said, isUnderstood) => {
      const raw = Buffer.from(JSON.stringify({ ...result, report: said })).toString('base64url')
      expect(decodeAttemptResult(raw) !== undefined).toBe(isUnderstood)
    })
  })

  const spelled = (text: string) => Buffer.from(text).toString('base64url')
  it.each([
    '',
    '!',
    'e30',
    spelled('{"seed":-1,"warnings":[],"generating_ms":1}'),
    spelled('{"seed":1,"warnings":[],"generating_ms":-1}'),
    spelled('{"seed":1,"warnings":[],"generating_ms":86400001}'),
    spelled('{"seed":1,"warnings":[],"generating_ms":9007199254740994}'),
    spelled('{"seed":9007199254740992,"warnings":[],"generating_ms":1}'),
    spelled('{"seed":1,"warnings":[],"generating_ms":1e400}')
  ])('is refused when malformed: %j', (header) => {
    expect(decodeAttemptResult(header)).toBeUndefined()
  })
})
