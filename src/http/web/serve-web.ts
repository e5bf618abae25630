import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { answerUnknownPath } from '../error-handler.ts'
import type { KnownPaths } from '../known-paths.ts'

/** Scripts, styles and connections of our own alone; previews are `data:` and pictures being painted `blob:`. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "img-src 'self' data: blob:",
  "style-src 'self' 'unsafe-inline'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'"
].join('; ')

const PAGE_HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  // The page names files by their content: it alone must be asked for anew.
  'cache-control': 'no-cache'
}

/** Paths that belong to programs: what is not found there is answered as an error, not with the page. */
const NOT_PAGES = /^\/(v1|api|docs|guides|assets|openapi\.json|healthz|readyz|metrics)(\/|$)/

/**
 * Serves the dashboard from the folder it was built into: its files, and its one page for every path that a person may
 * have in the address bar.
 */
export async function serveWeb(
  app: FastifyInstance,
  { webDir, basePath, known }: { webDir: string; basePath: string; known: KnownPaths }
): Promise<void> {
  const page = await readPage(webDir, basePath)
  app.setNotFoundHandler((request, reply) =>
    isPage(request) && page !== undefined ? sendPage(reply, page) : answerUnknownPath(request, reply, known)
  )
  if (page === undefined) {
    app.get('/', { schema: { hide: true } }, (_request, reply) =>
      reply.type('text/plain').send('The dashboard has not been built. Run `npm run build:web` and start again.\n')
    )
    return
  }
  await app.register(fastifyStatic, {
    root: webDir,
    index: false,
    // A wildcard would take every unknown path of the API from those who answer it.
    wildcard: false,
    preCompressed: true,
    schemaHide: true,
    globIgnore: ['index.html*', '**/*.br', '**/*.gz'],
    setHeaders: (reply, path) => {
      const named = path.includes('/assets/')
      void reply.header('cache-control', named ? 'public, max-age=31536000, immutable' : 'no-cache')
    }
  })
  app.get('/', { schema: { hide: true } }, (_request, reply) => sendPage(reply, page))
}

const sendPage = (reply: FastifyReply, page: string) => reply.headers(PAGE_HEADERS).type('text/html').send(page)

/** The one page, with its addresses below the base path; undefined when it has not been built. */
async function readPage(webDir: string, basePath: string): Promise<string | undefined> {
  const path = join(webDir, 'index.html')
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
