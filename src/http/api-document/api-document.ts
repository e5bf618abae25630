import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../http-context.ts'
import { publicUrl } from '../public-url.ts'
import { ERRORS, limitsChapter } from './chapters.ts'
import { type ApiDocument, completeDocument, TAGS } from './complete-document.ts'

const DESCRIPTION = `OpenAI's images API on the machines of your own club, and some of its own around it.

Point a client of OpenAI at this server with \`/v1\` at the end of its base URL, and send an API key of the dashboard as
\`Authorization: Bearer ic_…\`. Paths work with and without a slash at their end. Times are Unix seconds. A field sent as
\`null\` counts as absent, and numbers may be text.

With an \`Idempotency-Key\` a call that is sent again, because its answer was lost, leads to the same request.`

/** Describes the routes that are added to `app` from now on. */
export async function describeRoutes(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'inference.club API', version, description: DESCRIPTION },
      components: {
        securitySchemes: {
          apiKey: { type: 'http' as const, scheme: 'bearer', description: 'A key that begins with `ic_`.' }
        }
      },
      security: [{ apiKey: [] }],
      tags: [...TAGS, ERRORS]
    },
    transform: ({ schema, url, route }) => ({
      // A route is named after what it does, unless it says otherwise.
      schema: { ...(route.config?.operation && { operationId: route.config.operation }), ...schema },
      // The one wildcard is the id of a model, which may hold slashes; the URLs of images end in one.
      url: url.replace('*', ':id').replace(/^\/api\/inference\/assets\/:id$/, '$&/')
    }),
    transformObject: (document) =>
      'openapiObject' in document
        ? (completeDocument(document.openapiObject as unknown as ApiDocument) as never)
        : document.swaggerObject
  })
}

/** `GET /openapi.json`: the document, with the limits and the address of the moment. */
export function serveDocument(scope: FastifyInstance, { config }: Pick<HttpContext, 'config'>): void {
  scope.get('/openapi.json', { schema: { hide: true } }, (request) => ({
    ...withName(scope.swagger(), config.club.clubName),
    tags: [...TAGS, ERRORS, limitsChapter(config)],
    servers: [{ url: publicUrl(request, config.publicUrl) }]
  }))
}

/** The document as the API of this club. */
const withName = <T extends { info?: object }>(document: T, clubName: string): T => ({
  ...document,
  info: { ...document.info, title: `${clubName} API` }
})
