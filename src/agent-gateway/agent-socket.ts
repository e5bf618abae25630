import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { KeyGuard } from '../auth/key-guard.ts'
import { bearerOf } from '../auth/bearer.ts'
import { authorize } from '../auth/permissions.ts'
import type { Bell } from '../db/bell.ts'
import { createTally, inBackground } from '../lib/async.ts'
import { withoutBasePath } from '../lib/base-path.ts'
import { AppError, errors } from '../lib/errors.ts'
import type { EdgeLimits } from '../lib/edge-limits.ts'
import type { Logger } from '../lib/logger.ts'
import type { Principal } from '../lib/principal.ts'
import { rawAnswer } from '../lib/raw-answer.ts'
import type { Reached, ReachingCall } from '../lib/reached.ts'
import {
  CLOSE_CODES,
  MAX_MESSAGE_BYTES,
  PROTOCOL_VERSION,
  readAgentMessage,
  type ServiceDeclaration
} from '../protocol/messages.ts'
import type { DeclaredService } from '../providers/declared-services-store.ts'
import type { LiveProgress } from '../request-views/live-progress.ts'
import type { RequestLifecycle } from '../requests/request-lifecycle.ts'
import { AgentSession, type Hello } from './agent-session.ts'
import { limitMessageRate } from './message-rate.ts'
import type { SessionRegistry } from './session-registry.ts'
import { welcomeNote } from './standing-notes.ts'

const HELLO_WITHIN_MS = 10_000
/** How long an agent has to answer the goodbye of a gateway that stops. */
const GOODBYE_WITHIN_MS = 1000
/** RFC 6455: 125 bytes of a control frame, two of which are the code. */
const MAX_CLOSE_REASON_BYTES = 123

export interface AgentSocketParts {
  keyGuard: KeyGuard
  reach: (call: ReachingCall) => Reached
  /** Throws when the call came by a name that is not ours. */
  checkHost: (reached: Reached) => void
  requests: RequestLifecycle
  live: LiveProgress
  bell: Bell
  registry: SessionRegistry
  leaseMs: number
  /** Agents may write images into the store. */
  takesUploads: boolean
  edge: Pick<EdgeLimits, 'messages'>
  now: () => number
  logger: Logger
}

export interface AgentSockets {
  close(): Promise<void>
}

/** An agent sends a heartbeat this often; three missed ones and its socket is taken for dead. */
export const heartbeatMs = (leaseMs: number): number => Math.floor(leaseMs / 3)

/**
 * Whether a call that asks for another protocol is an agent's. Every other one is answered by HTTP as if it had not asked
 * (RFC 9110 §7.8): clients offer HTTP/2 this way with any call.
 */
export const isAgentUpgrade =
  (basePath: string) =>
  ({ method, headers, url = '/' }: IncomingMessage): boolean =>
    method === 'GET' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    /^\/api\/agent\/connect\/?(\?|$)/.test(withoutBasePath(url, basePath))

/** Accepts agents on the gateway's own port, whose server takes the upgrades that are `isAgentUpgrade`. */
export function serveAgentSockets(server: Server, parts: AgentSocketParts): AgentSockets {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES })
  const greeted = createTally()
  let stopping = false

  const onUpgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    try {
      const reached = parts.reach(request)
      parts.checkHost(reached)
      const principal = await parts.keyGuard.authenticate(bearerOf(request), reached.address)
      authorize(principal, 'connectAgent')
      sockets.handleUpgrade(request, socket, head, (webSocket) => {
        const left = greeted.enter()
        inBackground(greet(webSocket, { principal, parts, isStopping: () => stopping }).finally(left), (error) =>
          parts.logger.error({ err: error }, 'a connection of an agent could not be ended')
        )
      })
    } catch (error) {
      if (!(error instanceof AppError)) parts.logger.error({ err: error }, 'an agent could not be let in')
      socket.end(rawAnswer(error instanceof AppError ? error : errors.databaseUnavailable()))
    }
  }
  server.on('upgrade', (request, socket, head) =>
    inBackground(onUpgrade(request, socket, head), (error) => {
      parts.logger.error({ err: error }, 'an upgrade could not be answered')
      socket.destroy()
    })
  )

  return {
    close: async () => {
      stopping = true
      for (const client of sockets.clients) client.close(CLOSE_CODES.goingAway, 'the gateway stops')
      const impatience = setTimeout(() => {
        for (const client of sockets.clients) client.terminate()
      }, GOODBYE_WITHIN_MS)
      await new Promise<void>((resolve) => sockets.close(() => resolve()))
      clearTimeout(impatience)
      await greeted.none()
    }
  }
}

/**
 * The first message must be the hello; from then on messages are handled one after the other. Resolves when the
 * connection has ended and its end is written down.
 */
function greet(
  socket: WebSocket,
  { principal, parts, isStopping }: { principal: Principal; parts: AgentSocketParts; isStopping: () => boolean }
): Promise<void> {
  let session: AgentSession | undefined
  let refused = false
  // Of a clock that nobody sets.
  let lastHeard = performance.now()
  const silentForMs = () => Math.floor(performance.now() - lastHeard)
  let queue: Promise<void> = Promise.resolve()
  const silence = heartbeatMs(parts.leaseMs) * 3
  const refuseMore = (why: string) => {
    refused = true
    socket.close(CLOSE_CODES.protocol, closeReason(why))
  }
  let hangUp: NodeJS.Timeout | undefined
  const rate = limitMessageRate(socket, parts.edge.messages, () => {
    refuseMore('messages came faster than they can be read, and went on to')
    // Not read any further, not even for its goodbye.
    socket.pause()
    hangUp = setTimeout(() => socket.terminate(), GOODBYE_WITHIN_MS)
  })
  const tooLate = setTimeout(() => refuseMore('no hello in time'), HELLO_WITHIN_MS)
  const watch = setInterval(() => {
    if (silentForMs() > silence) socket.terminate()
  }, heartbeatMs(parts.leaseMs))

  const onMessage = async (text: string) => {
    if (refused) return
    const { message, problem } = readAgentMessage(text)
    if (!message) return refuseMore(`a message could not be understood: ${problem}`)
    if (session) {
      if (message.type === 'agent.hello') return refuseMore('there was a hello already')
      return session.handle(message)
    }
    if (message.type !== 'agent.hello') return refuseMore('the first message must be a hello')
    clearTimeout(tooLate)
    session = await openSession({ socket, principal, hello: message, silentForMs }, parts)
  }

  socket.on('message', (data, isBinary) => {
    lastHeard = performance.now()
    rate.count()
    queue = queue
      .then(() => (isBinary ? refuseMore('messages are text') : onMessage(String(data))))
      .catch((error: unknown) => {
        if (error instanceof AppError) return refuseMore(error.message)
        parts.logger.error({ err: error }, 'a message of an agent could not be handled')
        refused = true
        socket.close(CLOSE_CODES.internal, 'a message could not be handled here; come back soon')
      })
  })
  // The library closes the socket by itself, with the code that says why.
  socket.on('error', (error) => parts.logger.debug({ err: error }, 'an agent socket failed'))
  return new Promise((resolve, reject) => {
    socket.on('close', (code) => {
      clearTimeout(tooLate)
      clearInterval(watch)
      clearTimeout(hangUp)
      rate.close()
      const voided = code === CLOSE_CODES.leaving
      // Agents come back to the next process within seconds: until then they stay online, as far as they were.
      const comesBack = isStopping() && !voided
      // After the queue: a hello that is still being handled must find its session to end.
      queue.then(() => session && endSession(session, { parts, voided, comesBack })).then(resolve, reject)
    })
  })
}

/** As much of a sentence as a WebSocket's close frame holds. */
export function closeReason(text: string): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= MAX_CLOSE_REASON_BYTES) return text
  // A character that was cut in two is not sent at all.
  return `${bytes
    .subarray(0, MAX_CLOSE_REASON_BYTES - 3)
    .toString()
    .replace(/\ufffd$/, '')}…`
}

async function openSession(
  greeted: { socket: WebSocket; principal: Principal; hello: Hello; silentForMs: () => number },
  parts: AgentSocketParts
): Promise<AgentSession | undefined> {
  const { socket, principal, hello } = greeted
  if (hello.protocol !== PROTOCOL_VERSION) {
    socket.close(CLOSE_CODES.protocol, `protocol ${hello.protocol} is not spoken here, only ${PROTOCOL_VERSION}`)
    return undefined
  }
  const agent = await parts.requests.connectAgent({
    ownerId: principal.userId,
    keyId: principal.keyId,
    name: hello.name,
    agentVersion: hello.agent_version,
    onlineUntil: parts.now() + parts.leaseMs,
    services: hello.services.map(declaredService),
    probes: hello.probes === true,
    acceptsOffers: hello.accepts?.includes('service.offer') === true,
    attempts: hello.attempts
  })
  const session = new AgentSession(parts, { ...greeted, agent })
  session.resume(agent.resumed)
  parts.registry.add(session)
  const note = agent.isShared ? welcomeNote(agent.standing) : undefined
  session.send({
    type: 'gateway.welcome',
    provider_id: agent.providerId,
    lease_ms: parts.leaseMs,
    heartbeat_ms: heartbeatMs(parts.leaseMs),
    gone: agent.gone,
    accepts: [
      'service.state',
      'service.inventory',
      'service.offered',
      'attempt.ready',
      'attempt.begun',
      'service.warmed'
    ],
    ...(parts.takesUploads && { uploads: true }),
    ...(note !== undefined && { note })
  })
  parts.bell.ring('tasks')
  // Whatever is paused, and what its owner wishes, it is told.
  parts.bell.ring('providers')
  parts.logger.info({ provider: agent.providerId, name: hello.name, resumed: agent.resumed.length }, 'agent connected')
  return session
}

async function endSession(
  session: AgentSession,
  { parts, voided, comesBack }: { parts: AgentSocketParts; voided: boolean; comesBack: boolean }
): Promise<void> {
  parts.registry.remove(session)
  try {
    if (!comesBack) await parts.requests.disconnectAgent(session, { voided })
  } catch (error) {
    // Its presence runs out by itself; nothing else depends on this write.
    parts.logger.warn({ err: error }, 'a disconnect could not be written down')
  }
  parts.logger.info({ provider: session.providerId, name: session.name }, 'agent disconnected')
}

function declaredService(declaration: ServiceDeclaration): DeclaredService {
  const { timeout_ms: timeoutMs, images_per_hour: perHour, images_per_user_hour: perUserHour, ...same } = declaration
  delete same.prefetch
  return {
    ...same,
    timeoutMs,
    ...(perHour !== undefined && { imagesPerHour: perHour }),
    ...(perUserHour !== undefined && { imagesPerUserHour: perUserHour })
  }
}
