import type { Config } from '../../config/config.ts'
import { formatBytes, formatDuration } from '../../lib/quantities.ts'
import { ERROR_MEANINGS, type ErrorMeaning } from '../../lib/error-meanings.ts'

/** A tag without operations: a chapter of the reference. `description` is Markdown. */
export interface Chapter {
  name: string
  description: string
}

const row = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`
const table = (heading: readonly string[], rows: readonly (readonly (string | number)[])[]) =>
  [row(heading), row(heading.map(() => '---')), ...rows.map(row)].join('\n')

const errorRow = ([code, { statuses, meaning }]: [string, ErrorMeaning]) => [
  `\`${code}\``,
  statuses.join(', '),
  meaning
]

export const ERRORS: Chapter = {
  name: 'Errors',
  description: `Every error has the same shape, also those of paths that lead nowhere:

\`\`\`json
{"error": {"message": "'prompt' is required: describe the image you want.", "type": "missing_prompt", "param": "prompt", "code": "missing_prompt"}}
\`\`\`

\`type\` and \`code\` hold the same word, which stays; \`message\` says what to do and may change; \`param\` names the field at
fault, or is null. 429 and 503 come with \`retry-after\` (seconds) and \`retry-after-ms\` where waiting helps, and
\`x-should-retry: false\` says that the same call again cannot help, or would do the work twice. Behind a content delivery
network that replaces answers, 502 comes as 500 and 504 as 503, with the same code.

${table(['code', 'status', 'meaning'], Object.entries(ERROR_MEANINGS).map(errorRow))}
`
}

const count = (value: number) => value.toLocaleString('en-US')
/** With the numbers that hold at the moment: admins change some of them while the server runs. */
export function limitsChapter({ limits, rateLimit }: Pick<Config, 'limits' | 'rateLimit'>): Chapter {
  const rate = rateLimit === 0 ? 'none' : `${count(rateLimit)} a minute`
  const rows = [
    ['Images of one request (`n`)', count(limits.maxImagesPerRequest), 'clamped, with a warning'],
    [
      '`prompt`, `negative_prompt`',
      `${count(limits.maxPromptChars)} characters`,
      '`request_too_large`, `invalid_request`'
    ],
    ['Pixels of an image that is made', count(limits.maxPixels), '`invalid_size`'],
    ['Source images of an edit', count(limits.maxInputImages), '`too_many_images`'],
    ['Bytes of a source image', formatBytes(limits.maxUploadBytes), '`file_too_large`'],
    ['Pixels of a source image', count(limits.maxInputPixels), '`image_too_large`'],
    ['Pixels of a side of a source image', count(limits.maxInputSide), '`image_too_large`'],
    [
      'A JSON body; with images',
      `${formatBytes(limits.maxBodyBytes)}; ${formatBytes(limits.maxEditBodyBytes)}`,
      '`request_too_large`'
    ],
    ['Fields that are unknown here, in all', formatBytes(limits.maxExtraBytes), '`request_too_large`'],
    ['Wait of a call for its images', formatDuration(limits.syncTimeoutMs), '`timeout`; the request goes on'],
    ['Wait of a request for a provider', formatDuration(limits.noProviderTimeoutMs), '`no_provider`'],
    ['Calls of a key', rate, '`rate_limit_exceeded`'],
    [
      'Calls, and streams of events, open at once',
      `${count(limits.callsPerUser)}, ${count(limits.streamsPerUser)}`,
      '`rate_limit_exceeded`'
    ],
    ['Images that wait or run', count(limits.queuePerUser), '`queue_full`'],
    ['Bytes stored', formatBytes(limits.storedBytesPerUser), '`insufficient_quota`'],
    ['Webhooks still to be delivered', count(limits.webhooksPerUser), '`insufficient_quota`']
  ]
  return {
    name: 'Limits',
    description: `What one call may ask for, and what one person may have at once, on this server at the moment.

${table(['what', 'at most', 'past it'], rows)}

A key, and a person, may have narrower ones: images per day and month (UTC) and at once (\`insufficient_quota\`), calls per
minute, pixels and models. An image that waits or runs counts as made; what fails or is canceled gives its place back.
Where calls per minute are limited, every answer says where the key stands: \`x-ratelimit-limit-requests\`,
\`x-ratelimit-remaining-requests\`, \`x-ratelimit-reset-requests\`.
`
  }
}
