import type { Logger } from '../lib/logger.ts'

/**
 * The last resort for a promise that rejects and that nobody waits for, which is a fault of this program: it is logged, and
 * the process goes on. What it had in hand is in the database, and whoever waits for it has a deadline; ending the process
 * would take the work of everybody else with it. What is *thrown* outside of any promise still ends the process: then
 * nobody knows what was left half done.
 */
export function surviveRejections(logger: Logger): void {
  process.on('unhandledRejection', (error) => {
    logger.error({ err: error }, 'a promise was rejected that nobody waits for: please report this')
  })
}
