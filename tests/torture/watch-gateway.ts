import { stat } from 'node:fs/promises'
import { type Loop, startLoop } from '../../src/lib/async.ts'
import { databaseFile } from '../support/in-flight.ts'

const LOOK_EVERY_MS = 200

export interface GatewayWatch {
  /** Bytes, the largest that was seen. */
  largestLog(): number
  close(): Promise<void>
}

/** Looks from outside at what must stay small. */
export function watchGateway(dataDir: string): GatewayWatch {
  let largest = 0
  const loop: Loop = startLoop({
    everyMs: LOOK_EVERY_MS,
    work: async () => {
      const { size } = await stat(`${databaseFile(dataDir)}-wal`)
      largest = Math.max(largest, size)
    },
    onError: () => undefined // There is none while the gateway is down.
  })
  return { largestLog: () => largest, close: () => loop.close() }
}
