import { describe, expect, it } from 'vitest'
import type { RequestStatus, RequestSummary } from '../../../../src/http/dashboard/contract/requests.ts'
import { noteRequest } from './just-finished.ts'

const request = (id: string, status: RequestStatus) => ({ id, status }) as RequestSummary
const note = (...changes: [string, RequestStatus][]) =>
  changes
    .reduce<readonly RequestSummary[]>((list, [id, status]) => noteRequest(list, request(id, status)), [])
    .map(({ id, status }) => `${id} ${status}`)

describe('noteRequest', () => {
  it('passes over what goes on', () => expect(note(['a', 'queued'], ['a', 'running'])).toEqual([]))
  it('puts what ends in front', () => {
    expect(note(['a', 'succeeded'], ['b', 'canceled'])).toEqual(['b canceled', 'a succeeded'])
  })
  it('shows one that changes once more in its place', () => {
    expect(note(['a', 'failed'], ['b', 'succeeded'], ['a', 'succeeded'])).toEqual(['b succeeded', 'a succeeded'])
  })
  it('drops one that is tried again', () => expect(note(['a', 'failed'], ['a', 'queued'])).toEqual([]))
  it('keeps the last six', () => {
    const ended = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id): [string, RequestStatus] => [id, 'succeeded'])
    expect(note(...ended)).toHaveLength(6)
    expect(note(...ended)[0]).toBe('g succeeded')
  })
})
