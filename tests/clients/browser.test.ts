import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startBrowser } from '../e2e/visitor.ts'
import type { ImagesAnswer } from '../support/image-calls.ts'
import { type ClientClub, openClub, photo, SMALL } from './open-club.ts'

let club: ClientClub
let site: Server
let browser: Browser
let page: Page

/** A page of another origin, which knows the club's address and somebody's key. */
beforeAll(async () => {
  club = await openClub()
  site = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Another site</title>')
  }).listen(0, '127.0.0.1')
  await once(site, 'listening')
  browser = await startBrowser()
  page = await browser.newPage()
  await page.goto(`http://localhost:${(site.address() as AddressInfo).port}/`)
})
afterAll(async () => {
  await browser.close()
  site.close()
  await club.close()
})

/** What a page does to show an image and then read a pixel of it: browsers allow that only when the server does. */
const READ_PIXEL = `async (url) => {
  const image = new Image()
  image.crossOrigin = 'anonymous'
  image.src = url
  await image.decode()
  const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height })
  const context = canvas.getContext('2d')
  context.drawImage(image, 0, 0)
  return { width: image.width, alpha: context.getImageData(0, 0, 1, 1).data[3] }
}`

/** The headers that the official SDK adds in a browser, each of which the club has to allow. */
const headersFor = (key: string) => ({
  authorization: `Bearer ${key}`,
  'x-stainless-lang': 'js',
  'x-stainless-runtime': 'browser:chrome',
  'x-stainless-retry-count': '0'
})

interface Seen {
  status: number
  requestId: string | null
  body: Partial<ImagesAnswer> & { error?: { code: string } }
}

/** A generation as the page makes it. */
const generate = (key: string, fields: object): Promise<Seen> =>
  page.evaluate(
    async ({ url, headers, fields }) => {
      const body = JSON.stringify(fields)
      const answer = await fetch(url, {
        method: 'POST',
        body,
        headers: { ...headers, 'content-type': 'application/json' }
      })
      return {
        status: answer.status,
        requestId: answer.headers.get('x-request-id'),
        body: (await answer.json()) as object
      }
    },
    { url: `${club.baseUrl}/images/generations`, headers: headersFor(key), fields }
  )

it('generates, shows the image and may read its pixels', async () => {
  const { key } = await club.addUser()
  const { status, requestId, body } = await generate(key, SMALL)
  expect(status).toBe(200)
  expect(requestId).toMatch(/^xid_/)
  const url = JSON.stringify(body.data?.[0]?.url)
  const pixels = await page.evaluate<{ width: number; alpha: number }>(`(${READ_PIXEL})(${url})`)
  expect(pixels).toEqual({ width: 48, alpha: 255 })
})

it('edits a file of the page', async () => {
  const { key } = await club.addUser()
  const status = await page.evaluate(
    async ({ url, headers, photo }) => {
      const form = new FormData()
      form.append('model', 'demo')
      form.append('prompt', 'in the snow')
      form.append('image', await (await fetch(`data:image/png;base64,${photo}`)).blob(), 'photo.png')
      return (await fetch(url, { method: 'POST', headers, body: form })).status
    },
    { url: `${club.baseUrl}/images/edits`, headers: headersFor(key), photo: (await photo()).toString('base64') }
  )
  expect(status).toBe(200)
})

it('reads errors, those without a key included', async () => {
  const { key } = await club.addUser()
  expect(await generate(key, { ...SMALL, model: 'nothing' })).toMatchObject({
    status: 404,
    body: { error: { code: 'no_provider' } }
  })
  expect(await generate('ic_not_a_key_of_anybody_here', SMALL)).toMatchObject({
    status: 401,
    body: { error: { code: 'invalid_api_key' } }
  })
})
