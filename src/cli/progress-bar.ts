import { SingleBar } from 'cli-progress'

export interface ProgressBar {
  /** 0 … 100; an estimate is shown as one. */
  update(percent: number, isEstimated?: boolean): void
  /** Leaves the line as it is and goes on below it. */
  stop(): void
}

/** A progress bar, where somebody looks at it: on what is no terminal nothing is ever written. */
export function openProgressBar(out: NodeJS.WriteStream): ProgressBar {
  if (!out.isTTY) return { update: () => undefined, stop: () => undefined }
  const bar = new SingleBar({
    format: '{bar} {about}{percentage}% | {duration_formatted}',
    hideCursor: true,
    stream: out
  })
  bar.start(100, 0, { about: '' })
  return {
    update: (percent, isEstimated = false) => bar.update(Math.floor(percent), { about: isEstimated ? 'about ' : '' }),
    stop: () => bar.stop()
  }
}
