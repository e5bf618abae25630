/** The first SIGINT or SIGTERM asks to finish, the second to stop at once. */
export function stopSignals(): { first: Promise<unknown>; second: Promise<unknown> } {
  const first = Promise.withResolvers<undefined>()
  const second = Promise.withResolvers<undefined>()
  let received = 0
  const onSignal = () => {
    received += 1
    if (received === 1) first.resolve(undefined)
    else second.resolve(undefined)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return { first: first.promise, second: second.promise }
}
