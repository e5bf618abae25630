import { constants } from 'node:os'
import { sleep } from '../lib/async.ts'
import { callGateway, type GatewayAddress, GatewayAway, members, type Read } from './call-gateway.ts'
import { CommandFailed } from './command-failed.ts'
import { stopSignals } from './stop-signals.ts'

/** A gateway that does not answer keeps nobody at the terminal for longer. */
const PATIENCE_MS = 5000

/** As a shell tells that a signal ended a program. */
const exitCodeOf = (signal: NodeJS.Signals): number => 128 + constants.signals[signal]

const readCanceled: Read<boolean> = (answer) => {
  const { canceled } = members(answer)
  return typeof canceled === 'boolean' ? canceled : undefined
}

/** What is waited for: it is asked for first, which gives its id. */
export interface StoppableJob {
  ask: () => Promise<string>
  /** Gets a signal that is aborted as soon as one has come that stops the process. */
  work: (id: string, stopped: AbortSignal) => Promise<void>
}

/**
 * Asks for a job and does what waits for it. SIGINT, SIGTERM or the end of its terminal cancels the job, says so and ends the
 * process, also when it comes before the gateway has told the id, for the job may be there by then; a second signal ends it at once.
 */
export async function cancelWhenStopped(gateway: GatewayAddress, { ask, work }: StoppableJob): Promise<void> {
  const stopping = new AbortController()
  const signals = stopSignals((signal) => process.exit(exitCodeOf(signal)))
  const first = signals.first.then((signal) => {
    stopping.abort()
    return signal
  })
  const asked = ask()
  const done = asked.then(async (id) =>
    stopping.signal.aborted ? await first : void (await work(id, stopping.signal))
  )
  const signal = await Promise.race([done, first])
  if (signal === undefined) return
  process.stderr.write(`${await cancel(gateway, asked)}\n`)
  process.exit(exitCodeOf(signal)) // The events are still open.
}

/** How it ended, in words. */
async function cancel(gateway: GatewayAddress, asked: Promise<string>): Promise<string> {
  const late = sleep(PATIENCE_MS).then(() => {
    throw new GatewayAway('The server does not answer.')
  })
  let name = 'What was asked for'
  try {
    const id = await Promise.race([asked, late])
    name = id
    const call = callGateway(gateway, `/v1/jobs/${id}/cancel`, { json: {}, read: readCanceled })
    return (await Promise.race([call, late]))
      ? `Canceled ${id}. Images that were finished stay.`
      : `${id} had ended already. Its images stay.`
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    return `${name} could not be canceled, and may go on: ${error.message}`
  }
}
