import { addAbortSignal } from 'node:stream'
import { wholeOf } from '../lib/whole-of.ts'
import type { EngineRun } from './engine.ts'

/** All bytes of an input of a task. */
export const readInput = async (name: string, run: EngineRun): Promise<Buffer> =>
  wholeOf(addAbortSignal(run.signal, await run.input(name)))
