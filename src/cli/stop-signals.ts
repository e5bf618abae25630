/** npm passes on a Ctrl-C that the terminal has sent to us as well: within this time two are one. */
const SAME_SIGNAL_MS = 500

/** The first SIGINT or SIGTERM asks to finish, the second to stop at once, for which `onSecond` is called. */
export function stopSignals(onSecond: (signal: NodeJS.Signals) => void): { first: Promise<NodeJS.Signals> } {
  const first = Promise.withResolvers<NodeJS.Signals>()
  let firstAt: number | undefined
  const onSignal = (signal: NodeJS.Signals) => {
    first.resolve(signal)
    firstAt ??= performance.now()
    if (performance.now() - firstAt > SAME_SIGNAL_MS) onSecond(signal)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return { first: first.promise }
}
