import { OUTPUT_FORMATS, type OutputFormat } from '../../images/media-types.ts'
import { errors } from '../../lib/errors.ts'

export const MIN_WIDTH = 16
export const MAX_WIDTH = 2048

/**
 * `width` (16 – 2048 pixels) and `format` of an image's URL. Not as lenient as the fields of calls, where a blank one is
 * none: what this answers may be kept by caches for ever. Throws `invalid_request`, also for a parameter sent twice.
 */
export function parseThumbnail(query: Record<string, unknown>): { width?: number; format?: OutputFormat } {
  const { width, format } = query
  return {
    ...(width !== undefined && { width: parseWidth(width) }),
    ...(format !== undefined && { format: parseFormat(format) })
  }
}

function parseWidth(value: unknown): number {
  const width = typeof value === 'string' && /^[1-9]\d*$/.test(value) ? Number(value) : NaN
  if (width >= MIN_WIDTH && width <= MAX_WIDTH) return width
  throw errors.invalidRequest(`'width' must be one whole number between ${MIN_WIDTH} and ${MAX_WIDTH}.`, 'width')
}

function parseFormat(value: unknown): OutputFormat {
  const format = OUTPUT_FORMATS.find((one) => one === value)
  if (format !== undefined) return format
  throw errors.invalidRequest(`'format' must be one of ${OUTPUT_FORMATS.join(', ')}.`, 'format')
}
