import { ERROR_MEANINGS } from './error-meanings.ts'
import { AppError, type ErrorCode } from './errors.ts'
import { ID_PREFIXES } from './ids.ts'

/** One call of an operation that has ended. */
export interface OperationEvent {
  /** Where it is and its name, such as `requests.submit` or `people.invitations.revoke`: as many as there are in the sources. */
  operation: string
  /** What it was about, by the prefix of each id: `{ usr: 'usr_…', req: 'req_…' }`. Reckoned when it is asked for. */
  readonly ids: Record<string, string>
  /** How long it took; of a stream, until it ended. */
  ms: number
  /** The code of its error: `canceled` when it was broken off from outside, `internal_error` for what no caller is at fault for. */
  outcome: 'ok' | ErrorCode
}

export interface OperationEvents {
  /** `listener` hears of each call from now on. It must not throw. */
  on(listener: (event: OperationEvent) => void): void
  /**
   * The same rooms, each with its operations and rooms within it; all of their calls are heard of. What operations return and
   * throw stays, and so do members that are neither.
   */
  observe<T extends object>(rooms: T): T
}

/**
 * Where logs and metrics hear of what is done, at the one place where operations are put together: they need not know of it.
 * An event never holds prompts, bytes, names or keys: of what an operation was given and gave only ids that were minted here.
 */
export function createOperationEvents(): OperationEvents {
  const listeners: ((event: OperationEvent) => void)[] = []

  const begin = (operation: string, given: readonly unknown[]) => {
    const began = performance.now()
    return (outcome: OperationEvent['outcome'], gave?: unknown) => {
      const event = new EndedOperation({ operation, given, gave, ms: performance.now() - began, outcome })
      for (const listener of listeners) listener(event)
    }
  }

  const observeOne =
    (operation: string, work: (...given: unknown[]) => unknown) =>
    (...given: unknown[]): unknown => {
      const ended = begin(operation, given)
      try {
        const gave = work(...given)
        if (isStream(gave)) return observeStream(gave, ended)
        if (gave instanceof Promise) return observePromise(gave, ended)
        ended('ok', gave)
        return gave
      } catch (error) {
        ended(outcomeOf(error))
        throw error
      }
    }

  const observeRoom = <T extends object>(room: T, path = ''): T =>
    Object.fromEntries(
      Object.entries(room).map(([name, member]: [string, unknown]) => [
        name,
        typeof member === 'function'
          ? observeOne(`${path}${name}`, member as () => unknown)
          : isRoom(member)
            ? observeRoom(member, `${path}${name}.`)
            : member
      ])
    ) as T

  return { on: (listener) => void listeners.push(listener), observe: (rooms) => observeRoom(rooms) }
}

class EndedOperation implements OperationEvent {
  readonly operation: string
  readonly ms: number
  readonly outcome: OperationEvent['outcome']
  readonly #given: readonly unknown[]
  readonly #gave: unknown

  constructor(
    ended: Pick<OperationEvent, 'operation' | 'ms' | 'outcome'> & { given: readonly unknown[]; gave: unknown }
  ) {
    this.operation = ended.operation
    this.ms = ended.ms
    this.outcome = ended.outcome
    this.#given = ended.given
    this.#gave = ended.gave
  }

  get ids(): Record<string, string> {
    return idsIn([...this.#given, this.#gave])
  }
}

/** Data is none: who holds it is to see how it changes. */
const isRoom = (member: unknown): member is object =>
  typeof member === 'object' && member !== null && Object.values(member).some((one) => typeof one === 'function')

type Ended = (outcome: OperationEvent['outcome'], gave?: unknown) => void

async function observePromise<T>(promise: Promise<T>, ended: Ended): Promise<T> {
  try {
    const gave = await promise
    ended(isAnswer(gave) ? outcomeOfAnswer(gave) : 'ok', gave)
    return gave
  } catch (error) {
    ended(outcomeOf(error))
    throw error
  }
}

/** By its name: whoever names the class has Node load its undici. */
const isAnswer = (gave: unknown): gave is Response => Object.prototype.toString.call(gave) === '[object Response]'

/** Of an operation that answers as HTTP does, as the library for signing in: its refusals are no errors that are thrown. */
function outcomeOfAnswer({ status }: Response): OperationEvent['outcome'] {
  if (status < 400) return 'ok'
  if (status >= 500) return 'internal_error'
  return REFUSALS[status] ?? 'invalid_request'
}

const REFUSALS: Record<number, ErrorCode> = {
  401: 'not_signed_in',
  403: 'permission_denied',
  404: 'not_found',
  429: 'rate_limit_exceeded'
}

async function* observeStream<T>(stream: AsyncIterable<T>, ended: Ended): AsyncGenerator<T> {
  let outcome: OperationEvent['outcome'] = 'ok'
  try {
    yield* stream
  } catch (error) {
    outcome = outcomeOf(error)
    throw error
  } finally {
    ended(outcome)
  }
}

const isStream = (gave: unknown): gave is AsyncIterable<unknown> =>
  typeof gave === 'object' && gave !== null && Symbol.asyncIterator in gave

function outcomeOf(error: unknown): ErrorCode {
  if (error instanceof AppError) return error.code
  const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown }
  // What is not for callers yet may still say which error of the catalogue it will be.
  if (typeof code === 'string' && Object.hasOwn(ERROR_MEANINGS, code)) return code as ErrorCode
  return name === 'AbortError' || code === 'ECONNRESET' ? 'canceled' : 'internal_error'
}

/** A field that holds an id by its name, with an id in it: texts of strangers may look like one. */
const ID_FIELD = /^id$|Id$|_id$/
const ID = new RegExp(`^(${ID_PREFIXES.join('|')})_[0-9a-z]{25}$`)

/** The first id of each kind (by its prefix) that is in these values or in what they hold directly. */
function idsIn(values: readonly unknown[]): Record<string, string> {
  const ids: Record<string, string> = {}
  const note = (value: unknown) => {
    const [, prefix] = (typeof value === 'string' && ID.exec(value)) || []
    if (prefix !== undefined) ids[prefix] ??= value as string
  }
  const look = (value: unknown, depth: number) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return
    for (const [field, inside] of Object.entries(value)) {
      if (ID_FIELD.test(field)) note(inside)
      else if (depth > 0) look(inside, depth - 1)
    }
  }
  for (const value of values) {
    note(value)
    look(value, 1)
  }
  return ids
}
