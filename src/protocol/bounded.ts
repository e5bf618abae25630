import { Type } from 'typebox'
import { MAX_COUNT, MAX_WORK_MS } from '../lib/bounds.ts'
import { CLEAN_PATTERN } from '../lib/clean-text.ts'

/**
 * What a message is made of. Nothing in a message is without an end: what the other side may say is bounded where its
 * shape is described, and nowhere else.
 */

/** Text that people read; `cleanText` is applied to it when it has been read. */
export const BoundedText = (maxChars: number, { minChars = 0 }: { minChars?: number } = {}) =>
  Type.String({ minLength: minChars, maxLength: maxChars })

/** What something is called or known by: it comes back as it was, so it must be clean already. */
export const Name = (maxChars: number) => Type.String({ minLength: 1, maxLength: maxChars, pattern: CLEAN_PATTERN })

/** One of these texts. */
export const literals = <T extends string>(values: readonly T[]) => Type.Unsafe<T>(Type.Enum([...values]))

/** How many. */
export const Count = (max: number = MAX_COUNT, { min = 0 }: { min?: number } = {}) =>
  Type.Integer({ minimum: min, maximum: max })

/** How long; a day at most. */
export const Milliseconds = ({ min = 0, max = MAX_WORK_MS }: { min?: number; max?: number } = {}) =>
  Type.Integer({ minimum: min, maximum: max })

/** Any number JavaScript counts exactly. */
export const ExactInteger = ({ min = Number.MIN_SAFE_INTEGER }: { min?: number } = {}) =>
  Type.Integer({ minimum: min, maximum: Number.MAX_SAFE_INTEGER })
