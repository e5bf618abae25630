import { expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { createLocalBell } from '../db/bell.ts'
import { CLOSE_CODES } from '../protocol/messages.ts'
import type { AttemptRow } from '../requests/attempt-store.ts'
import { BEGUN, madeBy } from '../requests/bell-hints.ts'
import { createLiveProgress } from '../request-views/live-progress.ts'
import { AgentSession, type SessionParts } from './agent-session.ts'
import { createSessionRegistry } from './session-registry.ts'

/** A session of a provider whose socket only remembers with which code it was closed. */
function session(providerId: string, epoch: number, parts: Partial<SessionParts> = {}) {
  const closedWith: number[] = []
  const socket = { OPEN: 1, readyState: 1, send: () => {}, close: (code: number) => closedWith.push(code) }
  const service = {
    name: 's',
    type: 'image',
    concurrency: 1,
    timeout_ms: 1000,
    access: 'members' as const,
    models: [{ id: 'm', features: ['generate' as const] }]
  }
  const hello = {
    type: 'agent.hello' as const,
    protocol: 1,
    name: 'rig',
    agent_version: '1',
    services: [service],
    attempts: []
  }
  const all = { requests: {}, live: createLiveProgress(), bell: createLocalBell(), ...parts }
  const agent = { providerId, epoch, serviceIds: new Map([['s', `service of ${providerId}`]]), resumed: [], gone: [] }
  const connection = { socket: socket as unknown as WebSocket, principal: { userId: 'u' }, hello, agent }
  const made = new AgentSession(all as never, connection as never)
  return { made, closedWith }
}

it('keeps the newer of two sessions of one provider, whichever is added first', () => {
  for (const order of ['older first', 'newer first']) {
    const registry = createSessionRegistry()
    const older = session('prv_1', 1)
    const newer = session('prv_1', 2)
    const other = session('prv_2', 1)
    registry.add(other.made)
    for (const one of order === 'older first' ? [older, newer] : [newer, older]) registry.add(one.made)
    expect(registry.sessions()).toEqual([other.made, newer.made])
    expect(older.closedWith).toEqual([CLOSE_CODES.replaced])
    expect([newer.closedWith, other.closedWith]).toEqual([[], []])
    expect(registry.freeServices().map(({ epoch }) => epoch)).toEqual([1, 2])
  }
})

it('forgets a session that ended, but not the one that took its place', () => {
  const registry = createSessionRegistry()
  const older = session('prv_1', 1)
  const newer = session('prv_1', 2)
  registry.add(older.made)
  registry.add(newer.made)
  registry.remove(older.made)
  expect(registry.sessions()).toEqual([newer.made])
  registry.remove(newer.made)
  expect(registry.sessions()).toEqual([])
  expect(registry.freeServices()).toEqual([])
  expect(newer.made.freeServices()).toEqual([])
})

it('survives a look at an attempt that fails', async () => {
  const bell = createLocalBell()
  const complaint = Promise.withResolvers<unknown>()
  const requests = { findAttempt: () => Promise.reject(new Error('a row that cannot be read')) }
  const logger = { warn: complaint.resolve }
  const { made, closedWith } = session('prv_1', 1, { bell, requests, logger } as never)
  made.resume([{ id: 'att_1', request_id: 'req_1', service_id: 's', position: 0, userId: 'u' } as AttemptRow & never])
  bell.ring('request:req_1')
  expect(await complaint.promise).toMatchObject({ err: new Error('a row that cannot be read') })
  expect(closedWith).toEqual([])
})

it('looks at an attempt only when what its request tells may be about it', async () => {
  const bell = createLocalBell()
  const looked: string[] = []
  const findAttempt = async (id: string) => {
    looked.push(id)
    return { state: 'running' }
  }
  const { made } = session('prv_1', 1, { bell, requests: { findAttempt } } as never)
  const attempt = (id: string) => ({ id, request_id: 'req_1', service_id: 's', position: 0, userId: 'u' }) as never
  made.resume([attempt('att_1'), attempt('att_2')])
  bell.ring('request:req_1', BEGUN)
  bell.ring('request:req_1', madeBy('att_3'))
  expect(made.heldAttempts()).toEqual(['att_1', 'att_2'])
  bell.ring('request:req_1', madeBy('att_1'))
  expect(made.heldAttempts()).toEqual(['att_2'])
  expect(looked).toEqual([])
  bell.ring('request:req_1')
  expect(looked).toEqual(['att_2'])
})
