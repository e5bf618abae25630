import type { Agent, ClientRequestArgs } from 'node:http'
import type { OnReadOpts, Socket } from 'node:net'
import { HttpAgent } from './node-http.ts'

/** As many bytes as Node asks a connection for at a time. */
const READ_BYTES = 64 * 1024

/**
 * Makes connections that all read into the same memory. Node's parser copies the bytes of a body before the next are read, wherever
 * they were read into, which otherwise is 64 KiB of new memory each time, outside the heap and all garbage at once.
 */
export class SharedReadAgent extends HttpAgent {
  readonly #memory = Buffer.allocUnsafeSlow(READ_BYTES)

  override createConnection(options: ClientRequestArgs, callback?: Parameters<Agent['createConnection']>[1]) {
    const onread: OnReadOpts = {
      buffer: this.#memory,
      callback: (length, bytes) => {
        // As the connection would say it by itself: HTTP hears of it, and is done with it when this returns.
        socket.emit('data', bytes.subarray(0, length))
        return true
      }
    }
    const socket = super.createConnection({ ...options, onread } as ClientRequestArgs, callback) as Socket
    return socket
  }
}
