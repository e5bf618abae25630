import { addAbortSignal } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { EngineRun } from './engine.ts'

/** All bytes of an input of a task. */
export const readInput = async (name: string, run: EngineRun): Promise<Buffer<ArrayBuffer>> =>
  (await buffer(addAbortSignal(run.signal, await run.input(name)))) as Buffer<ArrayBuffer>
