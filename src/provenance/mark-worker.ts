import { workerData } from 'node:worker_threads'
import { toError } from '../lib/async.ts'
import { MINUTE_MS } from '../lib/durations.ts'
import { loadC2pa } from './c2pa-library.ts'
import { markImage, type Sign } from './mark-image.ts'
import type { MarkAnswer, MarkOrder, MarkSetup } from './mark-messages.ts'
import { serveThread } from './serve-thread.ts'
import { signManifest } from './sign-manifest.ts'
import { createSigner } from './signer.ts'
import { createTimeStamps } from './time-stamp.ts'

/** Marks images in a thread of its own: what looks at every byte of large ones would hold up everybody else. */
const { layers, signingKey, timeStampUrl } = workerData as MarkSetup
/** How long an authority that gave no time is not asked again, so that it does not hold up every image. */
const STAMPS_PAUSE_MS = MINUTE_MS
const STAMP_TIMEOUT_MS = 5000

const stamps =
  timeStampUrl === undefined
    ? undefined
    : createTimeStamps({
        url: timeStampUrl,
        timeoutMs: STAMP_TIMEOUT_MS,
        pauseMs: STAMPS_PAUSE_MS,
        fetch,
        now: Date.now
      })

async function startSigning(key: NonNullable<typeof signingKey>): Promise<Sign> {
  const signer = createSigner(key)
  const library = await loadC2pa()
  return async (of) => {
    let unstamped: string | undefined
    const stamp =
      stamps &&
      ((message: Uint8Array) =>
        stamps(message).catch((error: unknown) => {
          unstamped = toError(error).message
          return undefined
        }))
    const bytes = await signManifest(library, { signer, stamp }, of)
    return { bytes, ...(unstamped !== undefined && { unstamped }) }
  }
}

const signing = signingKey && startSigning(signingKey)

serveThread<MarkOrder, MarkAnswer>(async (order) => markImage(order, { layers, sign: await signing }))
