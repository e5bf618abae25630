import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type AgentMessage,
  decodeAttemptResult,
  encodeAttemptResult,
  type GatewayMessage,
  MAX_MESSAGE_BYTES,
  MAX_PREVIEW_BYTES,
  readAgentMessage,
  readGatewayMessage
} from './messages.ts'

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
    expect(readAgentMessage(JSON.stringify(message))).toEqual(message)
  })

  it('may hold members that a later version adds', () => {
    const message = { type: 'agent.heartbeat', load: 0.5 }
    expect(readAgentMessage(JSON.stringify(message))).toMatchObject({ type: 'agent.heartbeat' })
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
    ['an unknown access', { ...hello, services: [{ ...service, access: 'everybody' }] }],
    ['an unknown feature', { ...hello, services: [{ ...service, models: [{ id: 'x', features: ['fly'] }] }] }],
    ['too many services', { ...hello, services: Array(101).fill(service) }],
    ['attempts without token', { ...hello, attempts: [{ id: 'att_1' }] }],
    ['a step below zero', { type: 'attempt.progress', attempt_id: 'att_1', step: -1, steps: 2 }],
    ['a fault of no kind', { ...failed, fault: 'tired' }],
    ['a reason without end', { ...failed, message: 'x'.repeat(1001) }],
    ['no attempt', { ...failed, attempt_id: '' }]
  ])('is refused with %s', (_what, message) => {
    expect(readAgentMessage(JSON.stringify(message))).toBeUndefined()
  })

  it.each(['', 'hello', '{', '{"type":"agent.heartbeat"', 'undefined', 'NaN', '\u0000', '{"type":"agent.heartbeat"}}'])(
    'is refused when it is not JSON: %j',
    (text) => {
      expect(readAgentMessage(text)).toBeUndefined()
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
      b64_json: Buffer.alloc(MAX_PREVIEW_BYTES).toString('base64')
    }
    const text = JSON.stringify(message)
    expect(text.length).toBeLessThan(MAX_MESSAGE_BYTES)
    expect(readAgentMessage(text)).toEqual(message)
    const larger = { ...message, b64_json: Buffer.alloc(MAX_PREVIEW_BYTES + 3).toString('base64') }
    expect(readAgentMessage(JSON.stringify(larger))).toBeUndefined()
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
    expect(readGatewayMessage(JSON.stringify(message))).toEqual(message)
  })

  it.each<[string, unknown]>([
    ['a task without a prompt', { ...assigned, task: { ...task, prompt: undefined } }],
    ['a seed beyond 32 bits', { ...assigned, task: { ...task, seed: 2 ** 32 } }],
    ['an unknown kind', { ...assigned, task: { ...task, kind: 'video' } }],
    ["an agent's words", { type: 'agent.heartbeat' }]
  ])('is refused with %s', (_what, message) => {
    expect(readGatewayMessage(JSON.stringify(message))).toBeUndefined()
  })
})

describe('what travels with the bytes', () => {
  const result = { seed: 5, warnings: ['Größe "x"\n🦊 was not used.'], generating_ms: 1234 }

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
          expect(header.length).toBeLessThan(12 * 1024)
          const { warnings: arrived, ...rest } = decodeAttemptResult(header)!
          expect(rest).toEqual({ seed: 5, generating_ms: 1234 })
          expect(arrived.length).toBeLessThanOrEqual(50)
          arrived.forEach((warning, index) => expect(warnings[index]?.slice(0, 20)).toBe(warning.slice(0, 20)))
        }
      ),
      { numRuns: 20 }
    )
  })

  it('keeps every warning of a usual number', () => {
    const warnings = Array.from(
      { length: 30 },
      (_, index) => `'field_${index}' is not supported here and was not used.`
    )
    expect(decodeAttemptResult(encodeAttemptResult({ ...result, warnings }))?.warnings).toEqual(warnings)
  })

  it.each(['', '!', 'e30', Buffer.from('{"seed":-1,"warnings":[],"generating_ms":1}').toString('base64url')])(
    'is refused when malformed: %j',
    (header) => {
      expect(decodeAttemptResult(header)).toBeUndefined()
    }
  )
})
