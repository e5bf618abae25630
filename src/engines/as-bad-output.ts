import { ImageRejected } from '../images/image-rejected.ts'
import { EngineError } from './engine.ts'

/** The error of an image server whose image was rejected, without the advice for whoever sends images; any other error as it is. */
export const asBadOutput = (error: unknown): unknown =>
  error instanceof ImageRejected
    ? new EngineError('bad_output', `The image server did not deliver a usable image. ${error.found}`, { cause: error })
    : error
