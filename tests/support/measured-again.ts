import { waitFor } from './wait-for.ts'

/** Waits until the next image of a service and model is measured: of many in a second one is. */
export function measuredAgain(): Promise<boolean> {
  const from = Date.now()
  return waitFor(() => Date.now() - from > 1000)
}
