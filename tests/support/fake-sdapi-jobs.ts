import { EventEmitter, once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'

export interface FakeJob {
  /** As `force_task_id` named it; of the owner's own, as the page did. */
  id: string
  isOwners: boolean
  steps: number
  step: number
  isInterrupted: boolean
  isHeld: boolean
}

/**
 * The one queue of stable-diffusion-webui: a job at a time, an interrupt that hits whatever runs and is forgotten when
 * the next job begins.
 */
export class FakeJobs {
  current: FakeJob | undefined
  /** The flag of the server, which outlives its job. */
  isInterrupted = false
  timestamp = 0
  readonly pending = new Set<string>()
  readonly finished: string[] = []
  /** Whose work interrupts have hit: ids of tasks, `nothing` where nothing ran. */
  readonly interrupts: string[] = []
  #last: Promise<unknown> = Promise.resolve()
  #holdsNext = false
  readonly #changed = new EventEmitter().setMaxListeners(1000)
  readonly #stepMs: number

  constructor(stepMs: number) {
    this.#stepMs = stepMs
  }

  /** The next job that begins stops in the middle of its work until `release`, or until it is interrupted. */
  holdNext(): void {
    this.#holdsNext = true
  }

  release(): void {
    this.#holdsNext = false
    if (this.current) this.current.isHeld = false
    this.#changed.emit('change')
  }

  /** The owner makes a picture in the page, which takes until `release`. */
  startOwners(): void {
    this.holdNext()
    this.run({ id: 'task(owner)', isOwners: true, steps: 20 }, () => Promise.resolve()).catch(() => undefined)
  }

  interrupt(): void {
    this.interrupts.push(this.current?.id ?? 'nothing')
    this.isInterrupted = true
    if (this.current) this.current.isInterrupted = true
    this.#changed.emit('change')
  }

  async run<T>(
    { id, isOwners, steps }: Pick<FakeJob, 'id' | 'isOwners' | 'steps'>,
    work: (job: FakeJob) => Promise<T>
  ): Promise<T> {
    this.pending.add(id)
    const before = this.#last
    const done = Promise.withResolvers<void>()
    this.#last = done.promise
    await before
    const job: FakeJob = { id, isOwners, steps, step: 0, isInterrupted: false, isHeld: this.#holdsNext }
    this.#holdsNext = false
    this.pending.delete(id)
    this.current = job
    this.isInterrupted = false
    this.timestamp += 1
    try {
      await this.#sample(job)
      return await work(job)
    } finally {
      this.current = undefined
      this.finished.push(id)
      done.resolve()
    }
  }

  async #sample(job: FakeJob): Promise<void> {
    while (job.step < job.steps && !job.isInterrupted) {
      job.step += 1
      await wait(this.#stepMs)
      const middle = Math.ceil(job.steps / 2)
      while (job.step === middle && job.isHeld && !job.isInterrupted) await once(this.#changed, 'change')
    }
  }
}
