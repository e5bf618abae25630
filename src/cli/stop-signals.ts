import { watchTerminal } from './watch-terminal.ts'

/** npm passes on a Ctrl-C that the terminal has sent to us as well: within this time two are one. */
const SAME_SIGNAL_MS = 500

/**
 * The first SIGINT or SIGTERM asks to finish, the second to stop at once, for which `onSecond` is called. So does a SIGHUP, once and
 * for all, that comes to what was started in a terminal; else, as to what was started with nohup, it changes nothing. Where there is
 * `onReload`, a SIGHUP has that called, unless the terminal was closed before it or is soon after.
 */
export function stopSignals(
  onSecond: (signal: NodeJS.Signals) => void,
  { onReload }: { onReload?: () => void } = {}
): { first: Promise<NodeJS.Signals> } {
  const first = Promise.withResolvers<NodeJS.Signals>()
  const terminal = watchTerminal()
  let firstAt: number | undefined
  const onSignal = (signal: NodeJS.Signals) => {
    first.resolve(signal)
    firstAt ??= performance.now()
    if (performance.now() - firstAt > SAME_SIGNAL_MS) onSecond(signal)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  process.on('SIGHUP', () => {
    // Shells and npm send the same signal again, at their leisure.
    const end = () => first.resolve('SIGHUP')
    if (onReload && !terminal.isGone()) {
      onReload()
      return terminal.ifItGoes(end)
    }
    if (onReload || terminal.wasThere) end()
  })
  return { first: first.promise }
}
