import type { AttemptInfo, RequestDetail } from '../../../../../src/http/dashboard/contract/requests.ts'

export const PHASES = ['queued', 'loading', 'generating', 'storing'] as const
export type Phase = (typeof PHASES)[number]

/** A stretch of the life of an image. */
export interface Segment {
  phase: Phase
  ms: number
  /** Of an attempt that brought no image. */
  wasted: boolean
  /** It goes on. */
  open: boolean
}

/** What happened to one image, as lengths of time one after the other. */
export interface ImageTiming {
  image: number
  segments: Segment[]
  /** All segments together. */
  totalMs: number
  attempts: number
}

/** With what requests end that waited for as long as they may. */
const WAITED_IN_VAIN: readonly string[] = ['upstream_busy', 'no_provider']

/** Until when images without one waited for another try that did not come; undefined where that is not how it ended. */
export function waitedUntil({
  status,
  error,
  finishedAt
}: Pick<RequestDetail, 'status' | 'error' | 'finishedAt'>): number | undefined {
  const isVain = status === 'canceled' || (status === 'failed' && WAITED_IN_VAIN.includes(error?.code ?? ''))
  return isVain ? (finishedAt ?? undefined) : undefined
}

/**
 * The life of each image that was attempted, from its attempts in the order they began, and the wait after the last of them
 * until `waitedUntil`. Times come from the clocks of several machines, which jump and differ: no length is negative, nothing
 * is counted twice where attempts overlap, and what was not measured is left to the phase around it. All times are UTC
 * milliseconds.
 */
export function timingsOf(attempts: readonly AttemptInfo[], now: number, waitedUntil?: number): ImageTiming[] {
  const byImage = Map.groupBy(attempts, ({ image }) => image)
  return [...byImage]
    .sort(([a], [b]) => a - b)
    .map(([image, ofImage]) => {
      const segments = timeline(ofImage, now, waitedUntil)
      return { image, segments, totalMs: segments.reduce((sum, { ms }) => sum + ms, 0), attempts: ofImage.length }
    })
}

const isWasted = ({ state }: AttemptInfo): boolean => state !== 'succeeded' && state !== 'running'

function timeline(attempts: readonly AttemptInfo[], now: number, waitedUntil = -Infinity): Segment[] {
  const segments: Segment[] = []
  let reached = -Infinity
  for (const attempt of [...attempts].sort((a, b) => a.assignedAt - b.assignedAt)) {
    for (const { phase, from, to, open } of phasesOf(attempt, now)) {
      const ms = Math.max(0, to - Math.max(from, reached))
      if (ms > 0 || open) segments.push({ phase, ms, wasted: isWasted(attempt) && phase !== 'queued', open })
      reached = Math.max(reached, to)
    }
  }
  const ms = waitedUntil - reached
  if (ms > 0 && attempts.every(isWasted)) segments.push({ phase: 'queued', ms, wasted: false, open: false })
  return segments
}

interface Stretch {
  phase: Phase
  from: number
  to: number
  open: boolean
}

/** Waiting, then loading up to the first step, then generating as long as the agent says, then storing. */
function phasesOf(attempt: AttemptInfo, now: number): Stretch[] {
  const { queuedAt, assignedAt, progressedAt, generatingMs, finishedAt } = attempt
  const isRunning = attempt.state === 'running'
  const end = Math.max(assignedAt, finishedAt ?? (isRunning ? now : (progressedAt ?? assignedAt)))
  const within = (at: number) => Math.min(end, Math.max(assignedAt, at))
  // The agent's measure begins when it is given the image, so that it includes the loading.
  const generated = generatingMs === null ? end : within(assignedAt + generatingMs)
  const firstStep = progressedAt === null ? undefined : Math.min(generated, within(progressedAt))
  // Without a first step nobody can tell loading from generating; one that still runs has not begun.
  const begun = firstStep ?? (isRunning ? end : assignedAt)
  return [
    { phase: 'queued', from: queuedAt, to: assignedAt, open: false },
    { phase: 'loading', from: assignedAt, to: begun, open: isRunning && firstStep === undefined },
    { phase: 'generating', from: begun, to: generated, open: isRunning && firstStep !== undefined },
    { phase: 'storing', from: generated, to: end, open: false }
  ]
}

/** How long each phase took in all, the phases that were, in their order. */
export function phaseTotals({ segments }: ImageTiming): { phase: Phase; ms: number }[] {
  return PHASES.map((phase) => ({
    phase,
    ms: segments.filter((one) => one.phase === phase).reduce((sum, { ms }) => sum + ms, 0)
  })).filter(({ phase }) => segments.some((one) => one.phase === phase))
}

/** How long an attempt worked, milliseconds; what has not ended lasts until `now`. */
export const durationOf = ({ assignedAt, finishedAt }: AttemptInfo, now: number): number =>
  Math.max(0, (finishedAt ?? now) - assignedAt)

/**
 * How long a request took from when it was asked for until its end, milliseconds, with all its waits; undefined before its end, and where
 * nothing was ever begun or a clock was set back in between. The one total of a request, beside which its parts have none.
 */
export const tookMs = ({
  createdAt,
  startedAt,
  finishedAt
}: Pick<RequestDetail, 'createdAt' | 'startedAt' | 'finishedAt'>): number | undefined =>
  startedAt === null || finishedAt === null || finishedAt < createdAt ? undefined : finishedAt - createdAt
