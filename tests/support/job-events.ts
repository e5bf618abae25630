import { EventSourceParserStream } from 'eventsource-parser/stream'
import type { TestGateway } from './test-gateway.ts'

export interface JobEvent {
  event: string
  data: Record<string, unknown>
}

/** The events of a job until the server ends the stream, as they come. */
export async function* readJobEvents(
  gateway: TestGateway,
  job: { id: string; key: string }
): AsyncGenerator<JobEvent, void, undefined> {
  const response = await gateway.call(`/v1/jobs/${job.id}/events`, { key: job.key })
  const type = response.headers.get('content-type')
  if (response.status !== 200 || !type?.startsWith('text/event-stream') || !response.body) {
    throw new Error(`no event stream but ${response.status} ${type}: ${await response.text()}`)
  }
  const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
  for await (const { event = 'message', data } of events) {
    yield { event, data: JSON.parse(data) as Record<string, unknown> }
  }
}
