import { readFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { ClubInfo } from '../dashboard/contract/session.ts'
import { dressPage } from '../web/dress-page.ts'
import { GUIDES } from './guide-list.ts'
import { GUIDE_HEADERS, GUIDE_STYLES, guidePage } from './guide-page.ts'
import { renderGuide, type RenderedGuide } from './render-guide.ts'

export interface GuideOptions {
  /** The folder of the documents. */
  docsDir: string
  /** The folder the dashboard was built into, whose styles the guides share. */
  webDir: string
  basePath: string
  /** What the club shows of itself at this moment. */
  club: () => ClubInfo
}

/** Of guides, below `docs/`: no other files than these are given away. */
const PICTURE = /^images\/(?:engines\/)?[a-z\d-]{1,100}\.webp$/

/** Serves the documents that people of a club need as pages: `/guides` lists them, `/guides/<name>` is one. */
export function serveGuides(scope: FastifyInstance, { docsDir, webDir, basePath, club }: GuideOptions): void {
  const hidden = { schema: { hide: true } }
  const names = new Set(GUIDES.map(({ name }) => name))
  /** Of what a guide links to or shows, by a path from its own folder. */
  const addressIn = (from: string) => (path: string) => {
    const name = posix.join(posix.dirname(from), path)
    return names.has(name) || PICTURE.test(name) ? `${basePath}/guides/${name}` : undefined
  }
  // Each is read and rendered when it is first asked for: they change with the program alone.
  const rendered = new Map<string, RenderedGuide>()
  const getGuide = async (name: string): Promise<RenderedGuide> => {
    const known = rendered.get(name)
    if (known) return known
    const guide = await renderGuide(await readFile(join(docsDir, `${name}.md`), 'utf8'), addressIn(name))
    rendered.set(name, guide)
    return guide
  }
  const send = async (reply: FastifyReply, { title, html }: RenderedGuide) => {
    const stylesheet = await findStylesheet(webDir, basePath)
    return reply
      .headers(GUIDE_HEADERS)
      .type('text/html; charset=utf-8')
      .send(dressPage(guidePage({ title, body: html, basePath, stylesheet }), { ...club(), basePath }))
  }

  scope.get('/guides', hidden, async (_request, reply) => {
    const entries: string[] = []
    for (const { name, about } of GUIDES) {
      const { title } = await getGuide(name)
      entries.push(`<dt><a href="${basePath}/guides/${name}">${title}</a></dt><dd>${about}</dd>`)
    }
    return send(reply, { title: 'Guides', html: `<h1>Guides</h1>\n<dl>${entries.join('\n')}</dl>` })
  })
  scope.get('/guides/guides.css', hidden, (_request, reply) =>
    reply.header('cache-control', 'no-cache').type('text/css; charset=utf-8').send(GUIDE_STYLES)
  )
  scope.get<{ Params: { '*': string } }>('/guides/*', hidden, async (request, reply) => {
    const name = request.params['*']
    if (names.has(name)) return send(reply, await getGuide(name))
    const picture = PICTURE.test(name) ? await readFile(join(docsDir, name)).catch(() => undefined) : undefined
    if (picture) {
      return reply
        .header('cache-control', 'no-cache')
        .header('x-content-type-options', 'nosniff')
        .type('image/webp')
        .send(picture)
    }
    const html = `<h1>There is no such guide</h1>\n<p>Those there are: <a href="${basePath}/guides">Guides</a></p>`
    return send(reply.status(404), { title: 'No such guide', html })
  })
}

/** Where the dashboard's styles are, which are named by their content; undefined when it has not been built. */
async function findStylesheet(webDir: string, basePath: string): Promise<string | undefined> {
  const page = await readFile(join(webDir, 'index.html'), 'utf8').catch(() => '') // Not built: the text is readable without.
  const path = /<link rel="stylesheet"[^>]* href="\.?\/?([^"]+)"/.exec(page)?.[1]
  return path && `${basePath}/${path}`
}
