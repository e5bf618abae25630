import { sleep } from '../../src/lib/async.ts'
import type { ImagesAnswer, JobAnswer } from './image-calls.ts'
import { MODEL } from './process-site.ts'
import type { Random } from './seeded-random.ts'

export interface CallerParts {
  url: string
  key: string
  model?: string
  random: Random
  tally: CallTally
  /** Called when a job was accepted. */
  onAccepted?: () => void
}

/** What callers met before they had what they wanted. */
export interface CallTally {
  /** The connection broke, or nobody listened. */
  cutOff: number
  /** 503 and 504. */
  putOff: number
  /** 404 `no_provider`: at that moment nobody was online. */
  nobodyOnline: number
}

/** What a caller was promised and must find in the end. */
export interface Wanted {
  prompt: string
  n: number
  /** A data URL: the image is to be an edit of this one. */
  source?: string
}

export interface AcceptedJob extends Wanted {
  id: string
}

export interface AnsweredCall extends Wanted {
  answer: ImagesAnswer
}

/** Hands in a job, with the same key for as long as it takes to be told that it is accepted. */
export async function submitJob(parts: CallerParts, wanted: Wanted): Promise<AcceptedJob> {
  const { id } = (await callUntilAnswered(parts, { ...wanted, async: true }, 202)) as JobAnswer
  parts.onAccepted?.()
  return { ...wanted, id }
}

/** Waits for images on the connection; comes back with the same key until it has them. */
export async function callAndWait(parts: CallerParts, wanted: Wanted): Promise<AnsweredCall> {
  return { ...wanted, answer: (await callUntilAnswered(parts, { ...wanted, async: false }, 200)) as ImagesAnswer }
}

async function callUntilAnswered(
  { url, key, random, tally, model = MODEL }: CallerParts,
  { source, ...wanted }: Wanted & { async: boolean },
  success: number
): Promise<unknown> {
  for (;;) {
    const images = source === undefined ? {} : { images: [{ image_url: source }] }
    const answer = await call({ url, key, body: { model, size: '64x64', ...wanted, ...images } })
    if (answer?.status === success) return answer.body
    if (!answer) tally.cutOff += 1
    else if (answer.status === 503 || answer.status === 504) tally.putOff += 1
    else if (answer.code === 'no_provider') tally.nobodyOnline += 1
    else throw new Error(`'${wanted.prompt}' was answered ${answer.status} ${JSON.stringify(answer.body)}`)
    await sleep(random.between(200, 600))
  }
}

/** Undefined when there was no whole answer. */
async function call({
  url,
  key,
  body
}: {
  url: string
  key: string
  body: Record<string, unknown> & { prompt: string }
}) {
  try {
    const response = await fetch(`${url}/v1/images/${body.images === undefined ? 'generations' : 'edits'}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        'idempotency-key': body.prompt
      },
      body: JSON.stringify(body)
    })
    const answer = (await response.json()) as { error?: { code: string } }
    return { status: response.status, code: answer.error?.code, body: answer }
  } catch {
    return undefined
  }
}
