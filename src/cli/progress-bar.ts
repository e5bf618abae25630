import { SingleBar } from 'cli-progress'

export interface ProgressBar {
  /** 0 … 100; an estimate is shown as one. */
  update(percent: number, isEstimated?: boolean): void
  /** A line of its own, above the bar; written where nobody looks, too. */
  note(text: string): void
  /** Leaves the line as it is and goes on below it; a second time does nothing. */
  stop(): void
}

/** A progress bar, where somebody looks at it: on what is no terminal notes alone are written. */
export function openProgressBar(out: NodeJS.WriteStream): ProgressBar {
  if (!out.isTTY) return { update: () => undefined, note: (text) => void out.write(`${text}\n`), stop: () => undefined }
  const bar = new SingleBar({
    format: '{bar} {about}{percentage}% | {duration_formatted}',
    hideCursor: true,
    stream: out
  })
  bar.start(100, 0, { about: '' })
  return {
    update: (percent, isEstimated = false) => bar.update(Math.floor(percent), { about: isEstimated ? 'about ' : '' }),
    // The bar goes back at its end to where the cursor was saved last: it has moved down by a line.
    note: (text) => void out.write(`\r\x1b[K${text}\n\x1b7`),
    stop: () => bar.stop()
  }
}
