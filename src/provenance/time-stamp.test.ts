import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import { PKIStatus, PKIStatusInfo, TimeStampReq, TimeStampResp, TimeStampToken } from '@peculiar/asn1-tsp'
import { describe, expect, it, onTestFinished } from 'vitest'
import { MAX_TIME_STAMP_BYTES } from './cose-signature.ts'
import { createTimeStamps, requestTimeStamp } from './time-stamp.ts'

const MESSAGE = Buffer.from('a signature')
const DIGEST = createHash('sha256').update(MESSAGE).digest()
const ID_DATA = '1.2.840.113549.1.7.1'

const tokenOf = (content: Buffer) =>
  new TimeStampToken({ contentType: ID_DATA, content: AsnConvert.serialize(new OctetString(content)) })

const reply = (status: PKIStatus, content = DIGEST) =>
  Buffer.from(
    AsnConvert.serialize(new TimeStampResp({ status: new PKIStatusInfo({ status }), timeStampToken: tokenOf(content) }))
  )

/** An authority that answers with these bytes, and what it was asked. */
async function startAuthority(answer: Buffer | number | (() => Buffer)) {
  const asked: TimeStampReq[] = []
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      asked.push(AsnConvert.parse(body, TimeStampReq))
      if (typeof answer === 'number') response.writeHead(answer, { location: 'http://127.0.0.1:1/' }).end()
      else response.end(typeof answer === 'function' ? answer() : answer)
    })
  }).listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.close()
  })
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked }
}

const ask = (url: string, timeoutMs = 5000) => requestTimeStamp(MESSAGE, { url, timeoutMs, fetch })

describe('a time stamp', () => {
  it('is asked for by the digest alone, with a number that is drawn', async () => {
    const { url, asked } = await startAuthority(reply(PKIStatus.granted))
    const token = await ask(url)
    await ask(url)
    expect(Buffer.from(token)).toEqual(Buffer.from(AsnConvert.serialize(tokenOf(DIGEST))))
    expect(Buffer.from(asked[0]!.messageImprint.hashedMessage.buffer)).toEqual(DIGEST)
    expect(asked[0]!.messageImprint.hashAlgorithm.algorithm).toBe('2.16.840.1.101.3.4.2.1')
    expect(asked[0]!.certReq).toBe(true)
    expect(Buffer.from(asked[0]!.nonce!)).not.toEqual(Buffer.from(asked[1]!.nonce!))
  })

  it('may be granted with changes', async () => {
    const { url } = await startAuthority(reply(PKIStatus.grantedWithMods))
    expect((await ask(url)).length).toBeGreaterThan(0)
  })

  const tooLarge = reply(PKIStatus.granted, Buffer.concat([DIGEST, Buffer.alloc(MAX_TIME_STAMP_BYTES)]))
  it.each([
    ['is refused', reply(PKIStatus.rejection), /gave none/],
    ['is of something else', reply(PKIStatus.granted, Buffer.alloc(32)), /something else/],
    ['has no room', tooLarge, /more than 12288 bytes/],
    ['is no time stamp', Buffer.from('<html>'), /./],
    ['comes with an error', 500, /answered 500/],
    ['is elsewhere', 302, /fetch failed/]
  ])('is none when it %s', async (_, answer, why) => {
    const { url } = await startAuthority(answer)
    await expect(ask(url)).rejects.toThrow(why)
  })

  it('is taken from an answer of as many bytes as there is room for, and not of one more', async () => {
    const padded = (more: number) => reply(PKIStatus.granted, Buffer.concat([DIGEST, Buffer.alloc(more)]))
    // Lengths of that size are all written as three bytes.
    const most = 8000 + MAX_TIME_STAMP_BYTES - padded(8000).length
    const [last, past] = [padded(most), padded(most + 1)]
    expect([last.length, past.length]).toEqual([MAX_TIME_STAMP_BYTES, MAX_TIME_STAMP_BYTES + 1])
    await ask((await startAuthority(last)).url)
    await expect(ask((await startAuthority(past)).url)).rejects.toThrow(/more than 12288 bytes/)
  })

  it('is not waited for longer than said', async () => {
    const server = createServer(() => undefined).listen(0, '127.0.0.1')
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    await once(server, 'listening')
    await expect(ask(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, 30)).rejects.toThrow(/timeout/i)
  })

  it('is asked for again a while after there was none', async () => {
    let now = 0
    let answer = reply(PKIStatus.rejection)
    const { url, asked } = await startAuthority(() => answer)
    const stamp = createTimeStamps({ url, timeoutMs: 5000, fetch, pauseMs: 1000, now: () => now })
    await expect(stamp(MESSAGE)).rejects.toThrow('gave none')
    now = 999
    await expect(stamp(MESSAGE)).rejects.toThrow('has just given none')
    expect(asked).toHaveLength(1)
    now = 1000
    answer = reply(PKIStatus.granted)
    await stamp(MESSAGE)
    await stamp(MESSAGE)
    expect(asked).toHaveLength(3)
  })
})
