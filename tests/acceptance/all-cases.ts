import type { AcceptanceCase } from './acceptance-case.ts'
import { assets } from './cases/assets.ts'
import { batchesAndWebhooks } from './cases/batches-and-webhooks.ts'
import { conventions } from './cases/conventions.ts'
import { edits } from './cases/edits.ts'
import { errors } from './cases/errors.ts'
import { generations } from './cases/generations.ts'
import { jobs } from './cases/jobs.ts'
import { models } from './cases/models.ts'
import { openaiSdk } from './cases/openai-sdk.ts'
import { wire } from './cases/wire.ts'

/** Every promise, under the heading it is told by. */
export const ALL_CASES: Record<string, readonly AcceptanceCase[]> = {
  conventions,
  models,
  generations,
  edits,
  assets,
  jobs,
  'batches and webhooks': batchesAndWebhooks,
  errors,
  wire,
  'openai sdk': openaiSdk
}

/** The most images that a run makes. */
export const mostImages = Object.values(ALL_CASES)
  .flat()
  .reduce((sum, { images = 0 }) => sum + images, 0)
