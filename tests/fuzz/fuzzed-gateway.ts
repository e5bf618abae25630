import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { FuzzCaller, Order, Orders, Told } from './gateway-process.ts'

/** An honest call is answered by then. */
const HONEST_WITHIN_MS = 10_000

interface HonestCall {
  of: FuzzCaller
  json?: object
}

/** A gateway in a process of its own that can be watched dying. */
export interface FuzzedGateway extends Told {
  pid: number
  /** Has the process do one of its orders. */
  ask<Name extends keyof Orders>(
    name: Name,
    argument?: Parameters<Orders[Name]>[0]
  ): Promise<Awaited<ReturnType<Orders[Name]>>>
  /** An honest call of theirs: by session below `/api/`, else by key; a POST when it has a body. */
  send(path: string, call: HonestCall): Promise<Response>
  /** The JSON of the answer to one; throws when it is refused. */
  call(path: string, call: HonestCall): Promise<unknown>
  /** What the gateway has logged as its own fault since this was called the last time, and how it ended if it did. */
  takeFaults(): string[]
  hasEnded(): boolean
  close(): Promise<void>
}

export async function startFuzzedGateway(): Promise<FuzzedGateway> {
  const child = fork(fileURLToPath(new URL('gateway-process.ts', import.meta.url)), {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc']
  })
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>()
  let faults: string[] = []
  let written = ''
  let ended = false
  let asked = 0
  child.stderr!.on('data', (piece) => (written = (written + String(piece)).slice(-3000)))
  const exit = once(child, 'exit').then(([code, signal]) => {
    ended = true
    faults.push(`the gateway ended: ${String(code ?? signal)}\n${written}`)
    for (const { reject } of waiting.values()) reject(new Error('the gateway ended'))
  })
  const started = once(child, 'message') as Promise<[Told]>
  child.on('message', (message: { fault?: string; id?: number; value?: unknown; error?: string }) => {
    if (message.fault !== undefined) faults.push(`logged as a fault: ${message.fault}`)
    const asking = message.id === undefined ? undefined : waiting.get(message.id)
    if (!asking) return
    waiting.delete(message.id!)
    if (message.error === undefined) asking.resolve(message.value as never)
    else asking.reject(new Error(message.error))
  })
  const [told] = await Promise.race([
    started,
    exit.then(() => {
      throw new Error(`the gateway did not start: ${written}`)
    })
  ])
  const ask: FuzzedGateway['ask'] = (name, argument) =>
    new Promise((resolve, reject) => {
      if (ended) return reject(new Error('the gateway ended'))
      const id = ++asked
      waiting.set(id, { resolve, reject })
      child.send({ id, name, argument } satisfies Order)
    })
  const send: FuzzedGateway['send'] = (path, { of, json }) =>
    fetch(`${told.url}${path}`, {
      signal: AbortSignal.timeout(HONEST_WITHIN_MS),
      headers: {
        ...(path.startsWith('/api/') ? { cookie: of.cookie, origin: told.url } : { authorization: `Bearer ${of.key}` }),
        ...(json && { 'content-type': 'application/json' })
      },
      ...(json && { method: 'POST', body: JSON.stringify(json) })
    })
  return {
    ...told,
    pid: child.pid!,
    ask,
    send,
    call: async (path, call) => {
      const response = await send(path, call)
      const text = await response.text()
      if (!response.ok) throw new Error(`an honest call of ${path} is answered ${response.status}: ${text}`)
      return JSON.parse(text)
    },
    takeFaults: () => {
      const taken = faults
      faults = []
      return taken
    },
    hasEnded: () => ended,
    close: async () => {
      if (!ended) child.disconnect()
      await exit
    }
  }
}
