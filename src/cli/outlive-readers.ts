/** As a shell tells that SIGPIPE ended a program, which is how `cat` ends: Node takes no notice of that signal. */
const NOBODY_READS = 141

/** What was written went to a pipe that nobody reads any more, or to a terminal that was closed. */
const isReaderGone = ({ code }: NodeJS.ErrnoException): boolean =>
  code === 'EPIPE' || code === 'EIO' || code === 'ECONNRESET'

/**
 * Has this process go on when nobody reads what it writes: the rest goes nowhere, and what it was asked to do is done. A
 * command whose results (`isResult`, what it writes to standard output) were not taken ends with a code that says so, unless
 * it ends with another, quietly where their reader has gone and with a sentence where they cannot be written, as on a full
 * disk. What was to be written to standard error is nobody's result.
 */
export function outliveReaders({ isResult }: { isResult: boolean }): void {
  process.stderr.on('error', () => undefined)
  let lost: NodeJS.ErrnoException | undefined
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (isResult && !lost && !isReaderGone(error)) {
      process.stderr.write(`The output could not be written: ${error.message}\n`)
    }
    lost ??= error
  })
  process.once('exit', (code) => {
    if (isResult && lost && code === 0) process.exitCode = isReaderGone(lost) ? NOBODY_READS : 1
  })
}
