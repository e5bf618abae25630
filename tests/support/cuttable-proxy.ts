import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface CuttableProxy {
  /** `http://127.0.0.1:port` in front of the target. */
  url: string
  /** Breaks every connection, as a network does that goes away; returns how many. */
  cut(): number
  /** Connections that came, those included that were turned away while it was down. */
  readonly connections: number
  /** That came from those who connected. */
  readonly bytesIn: number
  /** From now on connections go there. */
  setTarget(target: string): void
  /** While it is down, nobody gets through. */
  setDown(down: boolean): void
  /**
   * While it stalls, what comes on new connections is swallowed and nothing is answered: so die the flows that an address
   * translator has forgotten. They stay dead afterwards.
   */
  setStalling(stalling: boolean): void
  /** The same for the connections that are open now; those that come later get through. Returns how many. */
  silence(): number
  /** Connections that have stalled and that their maker has not given up. */
  readonly stalled: number
  close(): Promise<void>
}

/** A network between two programs that can be made to fail. */
export async function startCuttableProxy(firstTarget: string): Promise<CuttableProxy> {
  let target = new URL(firstTarget)
  const sockets = new Set<Socket>()
  let down = false
  let stalling = false
  let connections = 0
  let bytesIn = 0
  const stalled = new Set<Socket>()
  const track = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    return socket
  }
  const server = createServer((incoming) => {
    track(incoming)
    connections += 1
    if (down) return void incoming.resetAndDestroy()
    if (stalling) {
      stalled.add(incoming)
      incoming.on('close', () => stalled.delete(incoming))
      // Only of what is read one learns that its sender has gone.
      return void incoming.resume()
    }
    const outgoing = track(connect(Number(target.port), target.hostname))
    incoming.on('data', (chunk: Buffer) => {
      bytesIn += chunk.length
    })
    incoming.pipe(outgoing).pipe(incoming)
    incoming.on('close', () => outgoing.destroy())
    outgoing.on('close', () => incoming.destroy())
  })
  const cut = () => {
    const count = sockets.size / 2
    for (const socket of sockets) socket.resetAndDestroy()
    return count
  }
  const silence = () => {
    for (const socket of sockets) {
      socket.unpipe()
      socket.resume()
    }
    return sockets.size / 2
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    get bytesIn() {
      return bytesIn
    },
    get connections() {
      return connections
    },
    setTarget: (url) => void (target = new URL(url)),
    setDown: (value) => void (down = value),
    setStalling: (value) => void (stalling = value),
    silence,
    get stalled() {
      return stalled.size
    },
    close: async () => {
      cut()
      server.close()
      await once(server, 'close')
    }
  }
}
