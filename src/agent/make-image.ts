import type { AgentServiceConfig } from '../config/agent-config.ts'
import type { Engine, EngineImage, EngineRun } from '../engines/engine.ts'
import type { ImageTask } from '../images/image-request.ts'
import { clampCount } from '../lib/bounds.ts'
import type { Logger } from '../lib/logger.ts'
import type { AgentMessage } from '../protocol/messages.ts'
import { EngineTime } from './engine-time.ts'
import { ExpectedEnd, type SeenPaces } from './expected-end.ts'
import type { Held } from './held-attempts.ts'
import type { PreparedInputs } from './prepare-inputs.ts'
import { readBounded } from './read-bounded.ts'
import { createPreviewShower } from './show-previews.ts'

const PROGRESS_EVERY_MS = 100
const PREVIEW_EVERY_MS = 500

export interface MakeImageParts {
  attemptId: string
  service: AgentServiceConfig
  engine: Engine
  held: Held
  inputs: PreparedInputs
  paces: SeenPaces
  send: (message: AgentMessage) => boolean
  limits: { maxImageBytes: number; maxPixels: number }
  logger: Logger
  /** It went ahead, and its image server has begun it. */
  onBegun: () => void
  /** The engine has made it; its bytes are not read yet. */
  onMade: () => void
  /** It is nearly made, as long before that as the service may have another in the queue of its image server. */
  onNear: () => void
  /** It is not made though it was near. */
  onLate: () => void
}

/** Has an engine make the image of an attempt, tells how far it is, and notes on what is held how it stands. */
export async function makeImage(
  task: ImageTask,
  parts: MakeImageParts
): Promise<{ image: EngineImage; bytes: Buffer; generatingMs: number }> {
  const { service, engine, held, paces, limits } = parts
  const kind = JSON.stringify([held.service, task.model, task.kind, task.size, task.steps])
  const time = (held.time = new EngineTime(held.abort, service.timeoutMs))
  const expected = (held.expected = new ExpectedEnd({
    leadMs: service.queueAheadMs ?? 0,
    pace: paces.of(kind),
    onNear: () => {
      held.isEnding = true
      parts.onNear()
    },
    onLate: () => {
      delete held.isEnding
      parts.onLate()
    }
  }))
  if (!held.isAhead) expected.begin()
  try {
    const image = await engine.generate(task, engineRun(parts, { time, expected }))
    held.isMade = true
    paces.note(kind, expected.end())
    parts.onMade()
    const bytes = await readBounded(image.bytes, limits.maxImageBytes, held.abort.signal)
    return { image, bytes, generatingMs: time.ms }
  } finally {
    expected.stop()
    time.stop()
  }
}

function engineRun(
  { attemptId: id, held, inputs, send, limits, logger, onBegun }: MakeImageParts,
  { time, expected }: { time: EngineTime; expected: ExpectedEnd }
): EngineRun {
  const showPreview = createPreviewShower({
    maxPixels: limits.maxPixels,
    show: ({ bytes, mediaType: media_type }) =>
      void send({ type: 'attempt.preview', attempt_id: id, media_type, b64_json: bytes.toString('base64') }),
    isOver: () => held.generated || held.abort.signal.aborted,
    onError: (error) => logger.error({ err: error, attempt: id }, 'a preview could not be shown')
  })
  const mayTellProgress = throttle(PROGRESS_EVERY_MS)
  const mayShowPreview = throttle(PREVIEW_EVERY_MS)
  return {
    signal: held.abort.signal,
    input: (name) => inputs.open(name),
    onWaiting: () => time.wait(),
    onBegun: () => {
      if (time.hasBegun) return
      time.begin()
      expected.begin()
      delete held.isAhead
      onBegun()
    },
    onProgress: (step, steps) => {
      expected.onStep(clampCount(step), clampCount(steps))
      if (step !== steps && !mayTellProgress()) return
      send({ type: 'attempt.progress', attempt_id: id, step: clampCount(step), steps: clampCount(steps) })
    },
    onPreview: (image) => {
      if (mayShowPreview()) showPreview(image)
    }
  }
}

/** True at most once every `ms`. */
function throttle(ms: number): () => boolean {
  let last = -Infinity
  return () => {
    const now = performance.now()
    if (now - last < ms) return false
    last = now
    return true
  }
}
