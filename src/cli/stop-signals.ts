/** npm passes on a Ctrl-C that the terminal has sent to us as well: within this time two are one. */
const SAME_SIGNAL_MS = 500

/** The first SIGINT or SIGTERM asks to finish, the second to stop at once, for which `onSecond` is called. */
export function stopSignals(onSecond: () => void): { first: Promise<unknown> } {
  const first = Promise.withResolvers<undefined>()
  let firstAt: number | undefined
  const onSignal = () => {
    first.resolve(undefined)
    firstAt ??= performance.now()
    if (performance.now() - firstAt > SAME_SIGNAL_MS) onSecond()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return { first: first.promise }
}
