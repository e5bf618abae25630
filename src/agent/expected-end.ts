/** What images of one kind took last, milliseconds. */
interface Pace {
  /** From the beginning to the end. */
  wholeMs: number
  /** From the last step to the end: decoding, a second pass, encoding, and the way to here. Absent: no last step was told. */
  tailMs?: number
}

/** Callers choose sizes and steps: there is no end of kinds. */
const MOST_KINDS = 200
/** Longer ones end at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** What an agent has seen of how long its images take, by what they have in common. */
export class SeenPaces {
  readonly #paces = new Map<string, Pace>()

  of(kind: string): Pace | undefined {
    return this.#paces.get(kind)
  }

  note(kind: string, pace: Pace): void {
    // Without steps for once: the server remembered it, or the connection that tells them was lost.
    if (pace.tailMs === undefined && this.#paces.get(kind)?.tailMs !== undefined) return
    // Those that came last are kept.
    this.#paces.delete(kind)
    this.#paces.set(kind, pace)
    for (const oldest of this.#paces.keys()) {
      if (this.#paces.size <= MOST_KINDS) return
      this.#paces.delete(oldest)
    }
  }
}

export interface ExpectedEndParts {
  /** How long before its end it is said to be near. */
  leadMs: number
  /** Of the last image of its kind; absent: none was made, and nothing is expected of this one. */
  pace: Pace | undefined
  onNear(): void
  /** It is not made though it was near for twice as long. */
  onLate(): void
}

/**
 * When an image will be made: by the steps that are told of it and what came after the last one of an image of its kind; without
 * steps, by how long that one took that told none either.
 */
export class ExpectedEnd {
  readonly #parts: ExpectedEndParts
  #beganAt = performance.now()
  #first: { step: number; at: number } | undefined
  #lastStepAt: number | undefined
  #timer: NodeJS.Timeout | undefined
  /** It was near, or is made: nothing more is to be said of when it will be. */
  #isSaid = false

  constructor(parts: ExpectedEndParts) {
    this.#parts = parts
  }

  /** It begins now, whatever was said of that before. */
  begin(): void {
    this.#beganAt = performance.now()
    const { pace } = this.#parts
    // Of one that tells steps those are waited for: they know of a slow start.
    if (pace && pace.tailMs === undefined) this.#expect(pace.wholeMs)
  }

  onStep(step: number, steps: number): void {
    const now = performance.now()
    this.#first ??= { step, at: now }
    const done = step - this.#first.step
    if (step >= steps) this.#lastStepAt ??= now
    const tailMs = this.#parts.pace?.tailMs
    if (tailMs === undefined) return
    if (step >= steps) this.#expect(tailMs)
    else if (done > 0) this.#expect(((steps - step) * (now - this.#first.at)) / done + tailMs)
  }

  /** It is made: what it took. */
  end(): Pace {
    this.stop()
    const now = performance.now()
    return {
      wholeMs: now - this.#beganAt,
      ...(this.#lastStepAt !== undefined && { tailMs: now - this.#lastStepAt })
    }
  }

  stop(): void {
    this.#isSaid = true
    clearTimeout(this.#timer)
  }

  #expect(leftMs: number): void {
    const { leadMs, onNear, onLate } = this.#parts
    if (this.#isSaid || leadMs === 0) return
    clearTimeout(this.#timer)
    const sayNear = () => {
      this.#isSaid = true
      this.#timer = setTimeout(onLate, 2 * leadMs)
      onNear()
    }
    this.#timer = setTimeout(sayNear, Math.min(Math.max(0, leftMs - leadMs), LONGEST_TIMER_MS))
  }
}
