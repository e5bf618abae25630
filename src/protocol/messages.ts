import { Type, type Static, type TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { FEATURES } from '../images/image-request.ts'
import { OUTPUT_FORMATS } from '../images/media-types.ts'

/**
 * What agent and gateway say to each other over the WebSocket: one JSON object per frame, `type` is noun.verb. Both
 * sides validate what they get. Image bytes travel over HTTP, authorised by the lease token of the attempt.
 */
export const PROTOCOL_VERSION = 1

/** Largest frame either side accepts; a preview is the largest message there is. */
export const MAX_MESSAGE_BYTES = 1024 * 1024
/** Largest preview image, in bytes before base64. */
export const MAX_PREVIEW_BYTES = 512 * 1024

export const CLOSE_CODES = {
  /** A message could not be understood. */
  protocol: 4000,
  /** The key was revoked or expired. */
  unauthorized: 4001,
  /** The agent stops: it comes back with nothing of what it ran. */
  leaving: 4002,
  /** A newer connection of the same provider took over. */
  replaced: 4009,
  /** The gateway stops; come back soon. */
  goingAway: 1001
} as const

const literals = <T extends string>(values: readonly T[]) => Type.Unsafe<T>(Type.Enum([...values]))
const id = Type.String({ minLength: 1, maxLength: 200 })
const token = Type.String({ minLength: 1, maxLength: 200 })
const shortText = Type.String({ maxLength: 1000 })

export const ServiceDeclaration = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 100 }),
  /** Only `image` is ever routed to. */
  type: Type.String({ minLength: 1, maxLength: 40 }),
  engine: Type.Optional(Type.String({ maxLength: 40 })),
  description: Type.Optional(shortText),
  concurrency: Type.Integer({ minimum: 1, maximum: 1000 }),
  timeout_ms: Type.Integer({ minimum: 1 }),
  access: Type.Union([
    literals(['members', 'private']),
    Type.Array(Type.String({ maxLength: 320 }), { maxItems: 1000 })
  ]),
  /** Images that others may have from it within an hour, in all and each. */
  images_per_hour: Type.Optional(Type.Integer({ minimum: 1 })),
  images_per_user_hour: Type.Optional(Type.Integer({ minimum: 1 })),
  models: Type.Array(
    Type.Object({
      id: Type.String({ minLength: 1, maxLength: 200 }),
      features: Type.Array(literals(FEATURES), { maxItems: 20 })
    }),
    { maxItems: 500 }
  )
})
export type ServiceDeclaration = Static<typeof ServiceDeclaration>

const AssignedTask = Type.Object({
  kind: literals(['generation', 'edit', 'variation']),
  prompt: Type.String(),
  seed: Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1 }),
  size: Type.Optional(Type.Object({ width: Type.Integer(), height: Type.Integer() })),
  negative_prompt: Type.Optional(Type.String()),
  steps: Type.Optional(Type.Integer()),
  guidance_scale: Type.Optional(Type.Number()),
  sampler: Type.Optional(Type.String()),
  strength: Type.Optional(Type.Number()),
  output_format: Type.Optional(literals(OUTPUT_FORMATS)),
  output_compression: Type.Optional(Type.Integer()),
  quality: Type.Optional(Type.String()),
  background: Type.Optional(literals(['transparent', 'opaque', 'auto'])),
  moderation: Type.Optional(literals(['low', 'auto'])),
  style: Type.Optional(Type.String()),
  extra: Type.Record(Type.String(), Type.Unknown()),
  inputs: Type.Array(
    Type.Object({ name: id, media_type: Type.String(), width: Type.Integer(), height: Type.Integer() })
  )
})
export type AssignedTask = Static<typeof AssignedTask>

/** Why an attempt ended without an image. The first group is the node's fault, the second the request's. */
export const NODE_FAULTS = [
  'unreachable',
  'busy',
  'model_missing',
  'out_of_memory',
  'crashed',
  'bad_output',
  'timeout'
] as const
export const REQUEST_FAULTS = ['bad_request', 'content_rejected'] as const
export type AttemptFault = (typeof NODE_FAULTS)[number] | (typeof REQUEST_FAULTS)[number]

export const AgentMessage = Type.Union([
  Type.Object({
    type: Type.Literal('agent.hello'),
    protocol: Type.Integer(),
    name: Type.String({ minLength: 1, maxLength: 100 }),
    agent_version: Type.String({ maxLength: 100 }),
    services: Type.Array(ServiceDeclaration, { maxItems: 100 }),
    /** Every attempt the agent runs or holds finished, so that it can go on with them. */
    attempts: Type.Array(Type.Object({ id, token }), { maxItems: 10_000 })
  }),
  /** Proof of life. */
  Type.Object({ type: Type.Literal('agent.heartbeat') }),
  /** The agent takes no more work and goes when it has finished what it runs. */
  Type.Object({ type: Type.Literal('agent.draining') }),
  Type.Object({
    type: Type.Literal('attempt.progress'),
    attempt_id: id,
    step: Type.Integer({ minimum: 0 }),
    steps: Type.Integer({ minimum: 0 })
  }),
  Type.Object({
    type: Type.Literal('attempt.preview'),
    attempt_id: id,
    media_type: Type.String({ maxLength: 40 }),
    b64_json: Type.String({ maxLength: Math.ceil((MAX_PREVIEW_BYTES * 4) / 3) + 4 })
  }),
  Type.Object({
    type: Type.Literal('attempt.failed'),
    attempt_id: id,
    token,
    fault: literals([...NODE_FAULTS, ...REQUEST_FAULTS]),
    message: shortText
  }),
  /** The work of a canceled attempt has really stopped: its slot is free. */
  Type.Object({ type: Type.Literal('attempt.stopped'), attempt_id: id })
])
export type AgentMessage = Static<typeof AgentMessage>

export const GatewayMessage = Type.Union([
  Type.Object({
    type: Type.Literal('gateway.welcome'),
    provider_id: id,
    lease_ms: Type.Integer(),
    heartbeat_ms: Type.Integer(),
    /** Attempts of the hello that are no longer the agent's. */
    gone: Type.Array(id)
  }),
  Type.Object({
    type: Type.Literal('attempt.assigned'),
    attempt_id: id,
    token,
    service: Type.String(),
    model: Type.String(),
    task: AssignedTask
  }),
  /** Stop it; the result is not wanted or no longer the agent's. */
  Type.Object({ type: Type.Literal('attempt.cancel'), attempt_id: id })
])
export type GatewayMessage = Static<typeof GatewayMessage>

/** What travels with the PUT of the bytes, in the header below as base64url JSON. */
export const RESULT_HEADER = 'x-inference-club-result'
/** Bytes before base64: Node's HTTP server takes 16 KiB of headers in all. */
const MAX_RESULT_BYTES = 8 * 1024
const MAX_WARNINGS = 50
const MAX_WARNING_CHARS = 1000

export const AttemptResult = Type.Object({
  /** As the engine tells it: some count beyond the 32 bits that a caller may ask for. */
  seed: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  warnings: Type.Array(Type.String({ maxLength: MAX_WARNING_CHARS }), { maxItems: MAX_WARNINGS }),
  /** Milliseconds the engine worked on it. */
  generating_ms: Type.Integer({ minimum: 0 })
})
export type AttemptResult = Static<typeof AttemptResult>

/** Returns the checked value, or undefined when the text is not JSON or not of the schema. */
function reader<T extends TSchema>(schema: T): (text: string) => Static<T> | undefined {
  const validator = Compile(schema)
  return (text) => {
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      return undefined // Not JSON is one more way of not being a message; the caller closes the socket.
    }
    return validator.Check(value) ? (value as Static<T>) : undefined
  }
}

export const readAgentMessage = reader(AgentMessage)
export const readGatewayMessage = reader(GatewayMessage)

const readResult = reader(AttemptResult)
/** Warnings beyond what a header may carry are left out, those that came last first. */
export function encodeAttemptResult(result: AttemptResult): string {
  const warnings = result.warnings.slice(0, MAX_WARNINGS).map((warning) => warning.slice(0, MAX_WARNING_CHARS))
  const encode = () => Buffer.from(JSON.stringify({ ...result, warnings }))
  while (encode().length > MAX_RESULT_BYTES) warnings.pop()
  return encode().toString('base64url')
}
export const decodeAttemptResult = (header: string): AttemptResult | undefined =>
  readResult(Buffer.from(header, 'base64url').toString('utf8'))
