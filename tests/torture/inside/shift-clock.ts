/**
 * Loaded into a program before all else (`--import`, with `TORTURE_CLOCK` naming a file), it moves the program's clock by so
 * many milliseconds as the file says, as if somebody set the machine's. Monotonic time goes on, and files have the machine's.
 */
import { readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const FILE = process.env.TORTURE_CLOCK
const LOOK_EVERY_MS = 20

if (FILE !== undefined) {
  const realNow = Date.now.bind(Date)
  let ahead = 0
  const look = () => {
    try {
      ahead = Number(readFileSync(FILE, 'utf8'))
    } catch {
      // Nobody has moved it yet.
    }
  }
  look()
  setInterval(look, LOOK_EVERY_MS).unref()
  const RealDate = Date
  const now = () => realNow() + ahead
  globalThis.Date = new Proxy(RealDate, {
    apply: () => new RealDate(now()).toString(),
    construct: (target, args: [], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as object,
    get: (target, name, receiver) => (name === 'now' ? now : (Reflect.get(target, name, receiver) as unknown))
  })
}

/** What a program's environment needs for it. */
export const shiftingClock = (file: string) => ({
  env: { TORTURE_CLOCK: file },
  module: fileURLToPath(import.meta.url)
})

/** At once or not at all, for it is read at any moment. */
export async function shiftClock(file: string, byMs: number): Promise<void> {
  await writeFile(`${file}.new`, String(byMs))
  await rename(`${file}.new`, file)
}
