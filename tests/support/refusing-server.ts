import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { onTestFinished } from 'vitest'

const PROGRAM = `
const { createServer } = require('node:net')
const { parentPort } = require('node:worker_threads')
const server = createServer((socket) => {
  socket.on('error', () => undefined).setNoDelay()
  socket.once('data', () => {
    socket.pause().write('HTTP/1.1 413 Too Large\\r\\ncontent-length: 3\\r\\n\\r\\nbig', () => socket.destroy())
  })
}).listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))
`

/**
 * The address of a server that answers with 413 and closes at the first bytes of each call, until the test ends: what it is sent
 * further is answered by the end of the connection. In a thread of its own, so that it does so while a caller writes.
 */
export async function startRefusing(): Promise<string> {
  const worker = new Worker(PROGRAM, { eval: true })
  onTestFinished(() => void worker.terminate())
  const [port] = (await once(worker, 'message')) as [number]
  return `http://127.0.0.1:${port}/`
}
