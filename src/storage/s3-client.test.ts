import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline, Readable } from 'node:stream'
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest'
import { createS3Client, MAX_ANSWER_BYTES } from './s3-client.ts'

const LIST = '<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>'

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'me')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret')
})
afterAll(() => vi.unstubAllEnvs())

/** A client of a server that answers everything with a list, and blanks behind it up to so many bytes. */
async function clientOf({ bytes, status = 200 }: { bytes: number; status?: number }) {
  function* answer() {
    yield Buffer.from(LIST)
    const piece = Buffer.alloc(64 * 1024, ' ')
    for (let left = bytes - LIST.length; left > 0; left -= piece.length) yield piece.subarray(0, left)
  }
  const server = createServer((_, response) => {
    response.writeHead(status, { 'content-type': 'application/xml' })
    pipeline(Readable.from(answer()), response, () => undefined)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = await createS3Client({
    ...{ bucket: 'club', prefix: '', endpoint, region: 'garage' },
    patience: { tries: 1 }
  })
  onTestFinished(() => {
    client.destroy()
    server.closeAllConnections()
    server.close()
  })
  return client
}
const list = new ListObjectsV2Command({ Bucket: 'club' })

it('reads an answer to its bound', async () => {
  const client = await clientOf({ bytes: MAX_ANSWER_BYTES })
  expect((await client.send(list)).Contents).toMatchObject([{ Key: 'a' }])
})

it.each([
  ['has one byte more', { bytes: MAX_ANSWER_BYTES + 1 }],
  ['has no end', { bytes: Infinity }]
])('fails at an answer that %s', async (_what, answer) => {
  await expect((await clientOf(answer)).send(list)).rejects.toThrow(/more than 8388608 bytes/)
})

it('fails at an error without an end, of whatever was asked for, and passes objects of any length on', async () => {
  const get = new GetObjectCommand({ Bucket: 'club', Key: 'a' })
  await expect((await clientOf({ bytes: Infinity, status: 400 })).send(get)).rejects.toThrow(/more than/)
  const { Body } = await (await clientOf({ bytes: MAX_ANSWER_BYTES + 1 })).send(get)
  expect(await Body?.transformToByteArray()).toHaveLength(MAX_ANSWER_BYTES + 1)
})
