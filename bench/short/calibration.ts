import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DatabaseSync } from 'node:sqlite'

const ROUNDS = 60
const ROWS = 10
const ENTRIES = 300
const HASHED = Buffer.alloc(20_000, 7)
const ENCODED = Buffer.alloc(30_000, 7)
const DOCUMENT = { list: Array.from({ length: 50 }, (_, n) => ({ id: `req_${n}`, n, text: 'a red fox '.repeat(4) })) }

/**
 * Makes work that never changes, of what a gateway's is made of: calls over a socket, rows, JSON, hashes, base64, maps and
 * promises. What it takes says how fast this machine is right now, in the process and at the time in which that is asked.
 * Whoever changes it writes `expected.json` anew.
 */
export async function createCalibration(): Promise<() => Promise<void>> {
  const database = new DatabaseSync(':memory:')
  database.exec('create table rows (id integer primary key, text text, number integer)')
  const write = database.prepare('insert or replace into rows values (?, ?, ?)')
  const read = database.prepare('select * from rows where id = ?')
  const server = createServer((incoming, response) => {
    incoming.resume().on('end', () => response.end('{"ok":true}'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // It is no reason for the program to go on.
  server.unref()
  const { port } = server.address() as AddressInfo
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })

  return async () => {
    for (let round = 0; round < ROUNDS; round++) {
      await call({ port, agent })
      for (let row = 0; row < ROWS; row++) {
        write.run(row, `text ${round} ${row}`, round)
        read.get(row)
      }
      JSON.parse(JSON.stringify(DOCUMENT))
      createHash('sha256').update(HASHED).digest()
      ENCODED.toString('base64')
      const entries = new Map<string, number>()
      for (let entry = 0; entry < ENTRIES; entry++) entries.set(`key ${entry}`, entry)
      for (const [key, value] of entries) await (value % 6 === 0 ? Promise.resolve(key) : undefined)
    }
  }
}

function call({ port, agent }: { port: number; agent: Agent }): Promise<void> {
  return new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port, method: 'POST', agent }, (answer) => {
      answer.resume().on('end', resolve)
    })
    asking.on('error', reject)
    asking.end('{"hello":"world"}')
  })
}
