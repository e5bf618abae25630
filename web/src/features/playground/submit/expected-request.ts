import type { RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import type { Person } from '../../../../../src/http/dashboard/contract/session.ts'
import { VISIBILITY_CHOICES } from '../../../lib/visibility-words.ts'
import type { PlaygroundCall } from '../build-call.ts'
import { parseSize, type Size } from '../sizes.ts'

/** What a call will look like once the server has taken it: shown until it answers. */
export function expectedRequest(call: PlaygroundCall, { key, owner }: { key: string; owner: Person }): RequestSummary {
  const { fields, kind, sources } = call
  return {
    id: key,
    kind,
    status: 'queued',
    model: fields.model,
    prompt: fields.prompt,
    n: fields.n ?? 1,
    owner: { id: owner.id, name: owner.name },
    // Without one it is as the account says, which the server tells in a moment.
    visibility: VISIBILITY_CHOICES.find(({ value }) => value === fields.visibility)?.value ?? 'UNLISTED',
    expiresAt: null,
    expiresIn: typeof fields.expires_in === 'number' ? fields.expires_in : null,
    pinned: false,
    takenDown: null,
    createdAt: Date.now(),
    startedAt: null,
    finishedAt: null,
    images: [],
    inputs: [],
    mask: null,
    progress: 0,
    making: [],
    size: parseSize(fields.size) ?? sizeOfFirst(sources),
    queuePosition: null,
    etaSeconds: null,
    etaToldAt: null,
    isOverdue: false,
    wait: null,
    providers: [],
    error: null
  }
}

/** An edit without a size is as large as its first image. */
const sizeOfFirst = ([first]: PlaygroundCall['sources']): Size | null =>
  first ? { width: first.width, height: first.height } : null
