import type { Readable } from 'node:stream'

/**
 * Gives `take` each piece of a stream of bytes as it comes, until it returns false: the rest is not read, and the stream is destroyed. While it
 * has promised its answer no other piece is given. Returns whether all was taken. Rejects with the stream's error, with what `take` throws or rejects
 * with, and when the stream ends without its end; never before `take` is done, whose word counts more than the stream's.
 * `for await` does the same for three times the CPU.
 */
export async function readPieces(
  stream: Readable,
  take: (piece: Buffer) => boolean | Promise<boolean>
): Promise<boolean> {
  let taking: Promise<boolean> | undefined
  const reading = new Promise<boolean>((resolve, reject) => {
    const breakOff = (error?: Error | null) => reject(error ?? new Error('The stream ended early.'))
    // First, for an error that nobody hears of ends the process.
    stream.on('error', breakOff)
    // What was told before is not told again.
    if (stream.destroyed || stream.readableEnded) return breakOff(stream.errored)
    stream.on('close', () => {
      if (!stream.readableEnded) breakOff(stream.errored)
    })
    // Of a short stream it comes though the stream is paused.
    stream.on('end', () => resolve(taking ?? true))
    const goOn = (wantsMore: boolean) => {
      if (wantsMore) return void stream.resume()
      resolve(false)
      stream.destroy()
    }
    const giveUp = (error: unknown) => {
      reject(error as Error)
      stream.destroy()
    }
    stream.on('data', (piece: Buffer) => {
      if (stream.destroyed) return
      try {
        const taken = take(piece)
        if (taken === true) return
        if (taken === false) return goOn(false)
        stream.pause()
        taking = taken
        taken.then(goOn, giveUp)
      } catch (error) {
        giveUp(error)
      }
    })
  })
  return reading.finally(() => taking)
}
