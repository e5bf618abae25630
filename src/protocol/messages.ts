import { HOUR_MS } from '../lib/durations.ts'
import { Type, type Static } from 'typebox'
import { IMAGE_KINDS, SEEDS } from '../images/fields.ts'
import { FEATURES } from '../images/image-request.ts'
import { clampCount, MAX_WORK_MS } from '../lib/bounds.ts'
import { cleanText } from '../lib/clean-text.ts'
import { BoundedText, Count, ExactInteger, literals, Milliseconds, Name } from './bounded.ts'
import { ServiceInventory } from './service-inventory.ts'
import { ServiceOffer, ServiceOffered } from './service-offers.ts'
import { ServiceWarm, ServiceWarmed } from './service-warms.ts'
import { createReader, type Read } from './read-message.ts'
import { TASK_PARAMETERS } from './task-parameters.ts'

/**
 * What agent and gateway say to each other over the WebSocket: one JSON object per frame, `type` is noun.verb. Both
 * sides validate what they get. Image bytes travel over HTTP, authorised by the lease token of the attempt.
 */
export const PROTOCOL_VERSION = 1

/** Largest frame either side accepts; a preview is the largest message there is. */
export const MAX_MESSAGE_BYTES = 1024 * 1024
/** A service is left alone no longer than that, whatever its image server asks for. */
export const MAX_RETRY_AFTER_MS = HOUR_MS
/** Of a preview: what is larger than anybody is shown is dropped, and what is larger than this is no message. */
const MAX_PREVIEW_CHARS = 700 * 1024

export const CLOSE_CODES = {
  /** A message could not be understood. */
  protocol: 4000,
  /** The key was revoked or expired. */
  unauthorized: 4001,
  /** The agent stops: it comes back with nothing of what it ran. */
  leaving: 4002,
  /** A newer connection of the same provider took over. */
  replaced: 4009,
  /** The gateway failed at a message; come back soon. */
  internal: 1011,
  /** The gateway stops; come back soon. */
  goingAway: 1001
} as const

const id = Name(200)
const token = Name(200)
const shortText = BoundedText(1000)
const MAX_SERVICES = 100
const MAX_MODELS = 500
/** Images that a service may hold ready: their inputs lie in its agent's memory. */
export const MAX_PREFETCH = 10
/** Attempts an agent may run or hold finished. */
const MAX_HELD = 10_000

export const ServiceDeclaration = Type.Object({
  name: Name(100),
  /** Only `image` is ever routed to. */
  type: Name(40),
  engine: Type.Optional(Name(40)),
  description: Type.Optional(shortText),
  concurrency: Count(1000, { min: 1 }),
  /** Images that it holds ready while it makes others, and begins when it hears `attempt.start`; absent: none. */
  prefetch: Type.Optional(Count(MAX_PREFETCH)),
  timeout_ms: Milliseconds({ min: 1 }),
  access: Type.Union([literals(['members', 'private']), Type.Array(Name(320), { maxItems: 1000 })]),
  /** Images that others may have from it within an hour, in all and each. */
  images_per_hour: Type.Optional(Count(undefined, { min: 1 })),
  images_per_user_hour: Type.Optional(Count(undefined, { min: 1 })),
  models: Type.Array(
    Type.Object({
      id: Name(200),
      features: Type.Array(literals(FEATURES), { maxItems: 20 }),
      /** Models of a service with the same number need the same to be loaded; absent: nothing that another needs. */
      weights: Type.Optional(Count(MAX_MODELS))
    }),
    { maxItems: MAX_MODELS }
  )
})
export type ServiceDeclaration = Static<typeof ServiceDeclaration>

const AssignedTask = Type.Object({
  kind: literals(IMAGE_KINDS),
  prompt: Type.String(),
  ...TASK_PARAMETERS,
  seed: Type.Integer({ minimum: 0, maximum: SEEDS - 1 }),
  /** The caller named no seed. Absent of older gateways, which take no `seed: null` in a result either. */
  seed_drawn: Type.Optional(Type.Boolean()),
  /** The caller named no size: it is a limit, below which an engine may stay. */
  size_unasked: Type.Optional(Type.Boolean()),
  extra: Type.Record(Type.String(), Type.Unknown()),
  inputs: Type.Array(
    Type.Object({
      name: id,
      media_type: Name(100),
      width: Count(2 ** 31),
      height: Count(2 ** 31),
      /** Absent of older gateways. */
      bytes: Type.Optional(Count(Number.MAX_SAFE_INTEGER))
    }),
    { maxItems: 100 }
  )
})
export type AssignedTask = Static<typeof AssignedTask>

/** The `note` of `provider.paused` when nothing is paused any more; an agent that was away meanwhile says it by itself. */
export const NOTHING_PAUSED = 'Nothing of this machine is paused on the dashboard any more: it may be given work again.'

/** Caps that owners set, as their files spell them: what others may have within an hour, all together and each. */
export const CAPS = ['images_per_hour', 'images_per_user_hour'] as const
export type Cap = (typeof CAPS)[number]

const ReachedCap = Type.Object({
  service: Name(100),
  cap: literals(CAPS),
  /** So many images it allows. */
  images: Count(undefined, { min: 1 }),
  /** How long until somebody may have another, for no two machines have the same clock; absent: nobody knows yet. */
  for_ms: Type.Optional(Milliseconds())
})
export type ReachedCap = Static<typeof ReachedCap>

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

export const AGENT_MESSAGES = {
  'agent.hello': Type.Object({
    type: Type.Literal('agent.hello'),
    protocol: Count(),
    name: Name(100),
    agent_version: BoundedText(100),
    services: Type.Array(ServiceDeclaration, { maxItems: MAX_SERVICES }),
    /** Every attempt the agent runs, or holds ready or finished, so that it can go on with them. */
    attempts: Type.Array(Type.Object({ id, token }), { maxItems: MAX_HELD }),
    /** Types of messages that came later than the first version and that this agent understands. */
    accepts: Type.Optional(Type.Array(Name(40), { maxItems: 100 })),
    /** It asks its image servers whether they work: of each service a `service.state` follows within seconds. */
    probes: Type.Optional(Type.Boolean())
  }),
  /** Proof of life. */
  'agent.heartbeat': Type.Object({ type: Type.Literal('agent.heartbeat') }),
  /** The agent takes no more work and goes when it has finished what it runs. */
  'agent.draining': Type.Object({ type: Type.Literal('agent.draining') }),
  /**
   * What was assigned as `standby` could begin: answered by `attempt.start`, or by `attempt.cancel` when somebody else makes it by
   * now. Sent to gateways that `accept` it.
   */
  'attempt.ready': Type.Object({
    type: Type.Literal('attempt.ready'),
    attempt_id: id,
    /** It would lie in its image server's queue first, behind what is nearly made: it waits until `attempt.begun`, and is nobody else's. */
    ahead: Type.Optional(Type.Boolean())
  }),
  /** What was let begin `ahead` has begun. Sent to gateways that `accept` it; others take it for begun when they let it. */
  'attempt.begun': Type.Object({ type: Type.Literal('attempt.begun'), attempt_id: id }),
  'attempt.progress': Type.Object({
    type: Type.Literal('attempt.progress'),
    attempt_id: id,
    step: Count(),
    steps: Count()
  }),
  'attempt.preview': Type.Object({
    type: Type.Literal('attempt.preview'),
    attempt_id: id,
    media_type: BoundedText(40),
    b64_json: BoundedText(MAX_PREVIEW_CHARS)
  }),
  'attempt.failed': Type.Object({
    type: Type.Literal('attempt.failed'),
    attempt_id: id,
    token,
    fault: literals([...NODE_FAULTS, ...REQUEST_FAULTS]),
    message: shortText,
    /** The field of the call at fault, as callers spell it. */
    param: Type.Optional(BoundedText(100)),
    /** For how long the image server wants to be left alone, milliseconds. */
    retry_after_ms: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_RETRY_AFTER_MS }))
  }),
  /** How a service's image server was found; sent to gateways that `accept` it, after the welcome and at each change. */
  'service.state': Type.Object({
    type: Type.Literal('service.state'),
    service: Name(100),
    state: literals(['ok', 'warning']),
    /** Why it is a warning. */
    text: BoundedText(300),
    /** What an attempt would end with; after `unreachable` the service is given none until it is `ok`. */
    fault: Type.Optional(literals(NODE_FAULTS)),
    /** Models that its image server lacks: they are not offered meanwhile. */
    models_missing: Type.Optional(Type.Array(Name(200), { maxItems: MAX_MODELS })),
    /** Models that it has loaded; absent: it does not tell. */
    models_loaded: Type.Optional(Type.Array(Name(200), { maxItems: MAX_MODELS }))
  }),
  /** Sent to gateways that `accept` it, after the welcome and at each change. */
  'service.inventory': ServiceInventory,
  'service.offered': ServiceOffered,
  'service.warmed': ServiceWarmed,
  /** The work of a canceled attempt has really stopped: its slot is free. */
  'attempt.stopped': Type.Object({ type: Type.Literal('attempt.stopped'), attempt_id: id })
}
export type AgentMessage = Read<typeof AGENT_MESSAGES>

export const GATEWAY_MESSAGES = {
  'gateway.welcome': Type.Object({
    type: Type.Literal('gateway.welcome'),
    provider_id: id,
    lease_ms: Milliseconds({ min: 1 }),
    heartbeat_ms: Milliseconds({ min: 10 }),
    /** Attempts of the hello that are no longer the agent's. */
    gone: Type.Array(id, { maxItems: MAX_HELD }),
    /** Types of messages that came later than the first version and that this gateway understands. */
    accepts: Type.Optional(Type.Array(Name(40), { maxItems: 100 })),
    /** Images may be brought without passing the gateway: see `direct-uploads.ts`. */
    uploads: Type.Optional(Type.Boolean()),
    /** What whoever runs the agent should know: that it may not serve others yet. */
    note: Type.Optional(BoundedText(300))
  }),
  'attempt.assigned': Type.Object({
    type: Type.Literal('attempt.assigned'),
    attempt_id: id,
    token,
    service: Name(100),
    model: Name(200),
    task: AssignedTask,
    /** To be held ready with its inputs, and begun after `attempt.start`; to services with `prefetch` alone. */
    standby: Type.Optional(Type.Boolean())
  }),
  /** What is held ready begins now, or as soon as the service has a place for it; said again when it is asked for again. */
  'attempt.start': Type.Object({ type: Type.Literal('attempt.start'), attempt_id: id }),
  /** What the `note` of the welcome was about is otherwise now; sent to agents that `accept` it. */
  'provider.standing': Type.Object({ type: Type.Literal('provider.standing'), note: BoundedText(300) }),
  /** What of the machine is paused on the dashboard, or no longer; sent to agents that `accept` it. */
  'provider.paused': Type.Object({ type: Type.Literal('provider.paused'), note: BoundedText(300) }),
  /**
   * Which caps of its owner others have reached, all of them: what is not named is open. Sent to agents that `accept` it, once
   * after the welcome and at each change.
   */
  'provider.capped': Type.Object({
    type: Type.Literal('provider.capped'),
    reached: Type.Array(ReachedCap, { maxItems: CAPS.length * MAX_SERVICES }),
    /**
     * Services of which others get nothing now whatever their caps are: they are their owner's alone, paused, not let in, or new and had
     * what the club lets them make. Nothing is told of their caps. Absent of older gateways, and where there are none.
     */
    closed: Type.Optional(Type.Array(Name(100), { maxItems: MAX_SERVICES }))
  }),
  'service.offer': ServiceOffer,
  'service.warm': ServiceWarm,
  /** Stop it; the result is not wanted or no longer the agent's. */
  'attempt.cancel': Type.Object({ type: Type.Literal('attempt.cancel'), attempt_id: id })
}
export type GatewayMessage = Read<typeof GATEWAY_MESSAGES>

/** Texts of an agent's message come clean: whoever shows them need not look at them again. */
export const readAgentMessage = createReader(AGENT_MESSAGES, { clean: true })
/** Texts of a gateway's message come as they are: a prompt is the caller's own. */
export const readGatewayMessage = createReader(GATEWAY_MESSAGES, { clean: false })

/** What travels with the PUT of the bytes, in the header below as base64url JSON. */
export const RESULT_HEADER = 'x-inference-club-result'
/** Bytes before base64, which makes a third more of them: nginx takes 8 KiB for a line of the head, unless told otherwise. */
const MAX_RESULT_BYTES = 5632
const MAX_WARNINGS = 50
const MAX_WARNING_CHARS = 1000
/** Of a revised prompt as JSON; the other half is left to warnings. */
const MAX_REVISED_PROMPT_BYTES = MAX_RESULT_BYTES / 2

const tokens = ExactInteger({ min: 0 })
const TokenDetails = Type.Object({ text_tokens: tokens, image_tokens: tokens })

export const AttemptResult = Type.Object({
  /** As the engine tells it: some count beyond the 32 bits that a caller may ask for. Null when it was given none. */
  seed: Type.Union([ExactInteger({ min: 0 }), Type.Null()]),
  warnings: Type.Array(BoundedText(MAX_WARNING_CHARS), { maxItems: MAX_WARNINGS }),
  /** Milliseconds the engine worked on it. */
  generating_ms: Milliseconds(),
  /** What the image server said of the image, in OpenAI's words; those of later versions are no reason to refuse it. */
  report: Type.Optional(
    Type.Object({
      revised_prompt: Type.Optional(BoundedText(MAX_REVISED_PROMPT_BYTES)),
      quality: Type.Optional(BoundedText(40)),
      background: Type.Optional(BoundedText(40)),
      usage: Type.Optional(
        Type.Object({
          total_tokens: tokens,
          input_tokens: tokens,
          output_tokens: tokens,
          input_tokens_details: TokenDetails,
          output_tokens_details: Type.Optional(TokenDetails)
        })
      )
    })
  )
})
export type AttemptResult = Static<typeof AttemptResult>

const readResult = createReader({ result: AttemptResult }, { clean: true })

/**
 * A revised prompt is cut, with an ellipsis, to half of what a header may carry; warnings beyond the rest are left out, those
 * that came last first.
 */
export function encodeAttemptResult(result: AttemptResult): string {
  const warnings = result.warnings.slice(0, MAX_WARNINGS).map((warning) => cleanText(warning, MAX_WARNING_CHARS))
  const generating_ms = clampCount(result.generating_ms, MAX_WORK_MS)
  const { revised_prompt } = result.report ?? {}
  const report = result.report && {
    ...result.report,
    ...(revised_prompt !== undefined && {
      revised_prompt: cutToBytes(cleanText(revised_prompt), MAX_REVISED_PROMPT_BYTES)
    })
  }
  const encode = () => Buffer.from(JSON.stringify({ ...result, generating_ms, warnings, report }))
  while (encode().length > MAX_RESULT_BYTES) warnings.pop()
  return encode().toString('base64url')
}

/** At whole characters, with an ellipsis where something is cut off; bytes are those of JSON without its quotes. */
function cutToBytes(text: string, maxBytes: number): string {
  const bytesOf = (part: string) => Buffer.byteLength(JSON.stringify(part)) - 2
  if (bytesOf(text) <= maxBytes) return text
  let cut = ''
  let bytes = bytesOf('…')
  for (const character of text) {
    bytes += bytesOf(character)
    if (bytes > maxBytes) break
    cut += character
  }
  return `${cut}…`
}

/** Texts come clean; undefined when the header is none. */
export const decodeAttemptResult = (header: string): AttemptResult | undefined =>
  readResult(Buffer.from(header, 'base64url').toString('utf8'), 'result').message
