import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { lockDataDir } from './data-dir-lock.ts'
import { findGatewayAddress, forgetGatewayAddress, leaveGatewayAddress } from './gateway-address.ts'

const ADDRESS = { url: 'http://127.0.0.1:8081', publicUrl: 'https://club.example.org' }

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gateway address-'))
})
afterEach(() => rm(folder, { recursive: true }))

it('is found while the gateway that left it holds the folder, and not after', async () => {
  const unlock = await lockDataDir(folder)
  expect(await findGatewayAddress(folder)).toBeUndefined()
  await leaveGatewayAddress(folder, ADDRESS)
  expect(await findGatewayAddress(folder)).toEqual(ADDRESS)
  await leaveGatewayAddress(folder, { url: ADDRESS.url })
  expect(await findGatewayAddress(folder)).toEqual({ url: ADDRESS.url })
  unlock()
  expect(await findGatewayAddress(folder)).toBeUndefined()
})

it('is gone once it is forgotten, and may be forgotten twice', async () => {
  const unlock = await lockDataDir(folder)
  await leaveGatewayAddress(folder, ADDRESS)
  await forgetGatewayAddress(folder)
  await forgetGatewayAddress(folder)
  expect(await findGatewayAddress(folder)).toBeUndefined()
  unlock()
})

it('is none in a folder where no gateway ever ran, and looking makes nothing', async () => {
  expect(await findGatewayAddress(folder)).toBeUndefined()
  expect(await findGatewayAddress(join(folder, 'nowhere'))).toBeUndefined()
  expect(await readdir(folder)).toEqual([])
})

it.each([
  ['', 'is empty'],
  ['{"url":"http://127.0.', 'was cut off'],
  ['[]', 'is a list'],
  ['{"url":7}', 'has a number for an address'],
  ['{"url":"file:///etc/passwd"}', 'leads to a file'],
  ['{"url":"nowhere"}', 'has no address'],
  [JSON.stringify({ ...ADDRESS, publicUrl: 'javascript:alert(1)' }), 'has a public address that is none'],
  [`{"url":"http://h/${'a'.repeat(5000)}"}`, 'is too long']
])('is none when the file holds %j: it %s', async (text) => {
  const unlock = await lockDataDir(folder)
  await writeFile(join(folder, 'gateway.json'), text)
  expect(await findGatewayAddress(folder)).toBeUndefined()
  unlock()
})
