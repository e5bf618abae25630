import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { answerUnknownPath } from '../error-handler.ts'
import type { ClubInfo } from '../dashboard/contract/session.ts'
import type { KnownPaths } from '../known-paths.ts'
import { dressPage, webManifest } from './dress-page.ts'

/** Scripts, styles and connections of our own alone; previews are `data:` and pictures being painted `blob:`. */
const contentSecurityPolicy = (imageOrigin: string | undefined): string =>
  [
    "default-src 'self'",
    `img-src 'self' data: blob:${imageOrigin === undefined ? '' : ` ${imageOrigin}`}`,
    "style-src 'self' 'unsafe-inline'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'"
  ].join('; ')

const pageHeaders = (imageOrigin: string | undefined) => ({
  'content-security-policy': contentSecurityPolicy(imageOrigin),
  'cross-origin-opener-policy': 'same-origin',
  // The page names files by their content: it alone must be asked for anew.
  'cache-control': 'no-cache'
})

/** Paths that belong to programs: what is not found there is answered as an error, not with the page. */
const NOT_PAGES = /^\/(v1|api|docs|guides|assets|openapi\.json|healthz|readyz|metrics)(\/|$)/

export interface WebOptions {
  /** The folder the pages were built into. */
  webDir: string
  /** Where images come from when not from here. */
  imageOrigin: string | undefined
  basePath: string
  known: KnownPaths
  /** What the club shows of itself at this moment. */
  club: () => ClubInfo
}

/**
 * Serves the pages from the folder they were built into: their files, that of the API's reference, and the dashboard's one
 * for every other path that a person may have in the address bar.
 */
export async function serveWeb(
  app: FastifyInstance,
  { webDir, imageOrigin, basePath, known, club }: WebOptions
): Promise<void> {
  const headers = pageHeaders(imageOrigin)
  const look = () => ({ ...club(), basePath })
  const sendPage = (reply: FastifyReply, page: string) =>
    reply.headers(headers).type('text/html').send(dressPage(page, look()))
  const [page, reference] = await Promise.all(
    ['index.html', 'docs.html'].map((name) => readPage(webDir, name, basePath))
  )
  app.setNotFoundHandler((request, reply) =>
    isPage(request) && page !== undefined ? sendPage(reply, page) : answerUnknownPath(request, reply, known)
  )
  for (const [path, html] of [
    ['/', page],
    ['/docs', reference]
  ] as const) {
    app.get(path, { schema: { hide: true } }, (_request, reply) =>
      html === undefined ? reply.type('text/plain').send(NOT_BUILT) : sendPage(reply, html)
    )
  }
  app.get('/manifest.webmanifest', { schema: { hide: true } }, (_request, reply) =>
    reply
      .header('cache-control', 'no-cache')
      .type('application/manifest+json')
      .send(JSON.stringify(webManifest(look())))
  )
  if (page === undefined) return
  const served = { index: false as const, preCompressed: true, schemaHide: true, cacheControl: false }
  await app.register(fastifyStatic, {
    ...served,
    root: join(webDir, 'assets'),
    prefix: '/assets/',
    // What is compressed already is only sent in place of what it was made of.
    allowedPath: (path) => !/\.(?:br|gz)$/.test(path),
    setHeaders: (reply) => void reply.header('cache-control', 'public, max-age=31536000, immutable')
  })
  await app.register(fastifyStatic, {
    ...served,
    root: webDir,
    decorateReply: false,
    // Of each file a route: a wildcard would take every unknown path of the API from those who answer it. For the hundreds of the other folder
    // that was a fifth of the start.
    wildcard: false,
    globIgnore: ['assets/**', '*.html*', '*.br', '*.gz'],
    setHeaders: (reply) => void reply.header('cache-control', 'no-cache')
  })
}

const NOT_BUILT = 'The pages have not been built. Run `npm run build:web` and start again.\n'

/** A page, with its addresses below the base path; undefined when it has not been built. */
async function readPage(webDir: string, name: string, basePath: string): Promise<string | undefined> {
  const path = join(webDir, name)
  if (!existsSync(path)) return undefined
  const built = await readFile(path, 'utf8')
  return built
    .replaceAll(/(?<=(?:src|href)=")\.?\//g, `${basePath}/`)
    .replace('name="base-path" content=""', `name="base-path" content="${basePath}"`)
}

const isPage = ({ method, url, headers }: FastifyRequest): boolean =>
  (method === 'GET' || method === 'HEAD') &&
  !NOT_PAGES.test(url.split('?')[0] ?? '') &&
  (headers.accept?.includes('text/html') ?? false)
