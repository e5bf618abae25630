import { EventSourceParserStream } from 'eventsource-parser/stream'
import type { LiveEvents } from '../../src/http/dashboard/contract/requests.ts'
import type { TestGateway } from './test-gateway.ts'
import { waitFor } from './wait-for.ts'

type LiveEvent = { [Name in keyof LiveEvents]: { event: Name; data: LiveEvents[Name] } }[keyof LiveEvents]

/** A page that listens to its event stream. */
export interface EventPage {
  /** All of it so far. */
  seen: LiveEvent[]
  /** What the events of one kind said. */
  all<Name extends keyof LiveEvents>(name: Name): LiveEvents[Name][]
  /** The first event of a kind that `is`, which may have come already. */
  received<Name extends keyof LiveEvents>(
    name: Name,
    is?: (data: LiveEvents[Name]) => boolean
  ): Promise<LiveEvents[Name]>
  /** Settles when the server has ended the stream, or the page has. */
  ended: Promise<void>
  close(): Promise<void>
}

/** Opens `GET /api/dashboard/events` as somebody's tab; resolves after the `hello`. */
export async function openEvents(
  gateway: Pick<TestGateway, 'call'>,
  { cookie, query = '' }: { cookie: string; query?: string }
): Promise<EventPage> {
  const leaving = new AbortController()
  const response = await gateway.call(`/api/dashboard/events${query}`, { headers: { cookie }, signal: leaving.signal })
  const type = response.headers.get('content-type')
  if (response.status !== 200 || !type?.startsWith('text/event-stream') || !response.body) {
    throw new Error(`no event stream but ${response.status} ${type}: ${await response.text()}`)
  }
  const { body } = response
  const seen: LiveEvent[] = []
  const read = async () => {
    const events = body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
    for await (const { event, data } of events) seen.push({ event, data: JSON.parse(data) as unknown } as LiveEvent)
  }
  const ended = read().catch((error: unknown) => {
    if (!leaving.signal.aborted) throw error
  })
  const all = <Name extends keyof LiveEvents>(name: Name) =>
    seen.filter((one) => one.event === name).map((one) => one.data as LiveEvents[Name])
  const page: EventPage = {
    seen,
    all,
    received: (name, is = () => true) => waitFor(() => all(name).find(is)),
    ended,
    close: async () => {
      leaving.abort()
      await ended
    }
  }
  await page.received('hello')
  return page
}
