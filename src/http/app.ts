import cors from '@fastify/cors'
import Fastify, { type FastifyInstance } from 'fastify'
import { basePathOf, withoutBasePath } from '../lib/base-path.ts'
import { newId } from '../lib/ids.ts'
import { describeRoutes, serveDocument } from './api-document/api-document.ts'
import { getAsset } from './assets/get-asset.ts'
import { servePublic } from './assets/serve-public.ts'
import { serveShare } from './assets/serve-share.ts'
import { registerAuth } from './auth/register-auth.ts'
import { presentClub } from './dashboard/club/present-club.ts'
import { registerDashboard } from './dashboard/index.ts'
import { serveGuides } from './guides/serve-guides.ts'
import { answerClientError } from './answer-client-error.ts'
import { answerBadPath, handleErrors, handleUnknownRoutes, wrongBodyType } from './error-handler.ts'
import { authenticateRoutes } from './hooks/authenticate.ts'
import { authenticateSessions } from './hooks/authenticate-sessions.ts'
import { keepPromises } from './hooks/keep-promises.ts'
import { limitCalls } from './hooks/limit-calls.ts'
import { limitRates } from './hooks/limit-rates.ts'
import { readReached } from './hooks/read-reached.ts'
import { refuseBadQueries } from './hooks/refuse-bad-queries.ts'
import { refuseOtherMethods, tellAllowedMethods } from './hooks/refuse-other-methods.ts'
import { setSecurityHeaders } from './hooks/set-security-headers.ts'
import type { HttpContext } from './http-context.ts'
import { collapseSlashes, noteKnownPaths } from './known-paths.ts'
import { parseJsonBodies } from './parse-json-bodies.ts'
import { limitConnections } from './limit-connections.ts'
import { limitSilence } from './limit-silence.ts'
import { releaseConnections } from './release-connections.ts'
import { registerOperations } from './operations/register-operations.ts'
import { registerProvenance } from './provenance/register-provenance.ts'
import { inflateBodies } from './uploads/inflate-bodies.ts'
import { lingerAfterAnswer } from './uploads/linger.ts'
import { isFormType, largestForm } from './uploads/receive-form.ts'
import { registerBatches } from './v1/batches/index.ts'
import { registerImages } from './v1/images/index.ts'
import { REQUEST_ID_HEADER } from './v1/images/image-exchange.ts'
import { registerJobs } from './v1/jobs/index.ts'
import { registerModels } from './v1/models/index.ts'
import { registerOrganization } from './v1/organization/index.ts'
import { registerWebhooks } from './v1/webhooks/index.ts'
import { serveWeb } from './web/serve-web.ts'

const EXPOSED_HEADERS = [
  'x-request-id',
  'openai-processing-ms',
  'retry-after',
  'retry-after-ms',
  'allow',
  'x-next-page',
  'content-disposition',
  REQUEST_ID_HEADER,
  'x-should-retry',
  'x-ratelimit-limit-requests',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-reset-requests',
  'etag'
]

/** The HTTP application: every route and hook, no port and no signals. */
export async function createHttpApp(context: HttpContext): Promise<FastifyInstance> {
  const { config, edge } = context
  const basePath = basePathOf(config.publicUrl)
  const app = Fastify({
    genReqId: () => newId('xid'),
    logger: false,
    // The one reading of what proxies tell is `request.reached`.
    trustProxy: false,
    rewriteUrl: ({ url = '/' }) => withoutBasePath(collapseSlashes(url), basePath),
    bodyLimit: config.limits.maxBodyBytes,
    requestTimeout: edge.requestMs,
    keepAliveTimeout: 75_000,
    http: {
      shouldUpgradeCallback: context.takesUpgrade,
      headersTimeout: edge.headMs,
      connectionsCheckingInterval: edge.lookEveryMs
    },
    forceCloseConnections: 'idle',
    frameworkErrors: answerBadPath,
    clientErrorHandler: answerClientError,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 500 }
  })
  // Bodies are checked by the parsers of `openai/`, and answers are what the presenters return: the schemas describe.
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => (value) => JSON.stringify(value))
  handleErrors(app, context)
  parseJsonBodies(app)
  const known = noteKnownPaths(app, '/v1')
  // An `Expect` that nobody knows is none (RFC 9110 §10.1.1 lets us); Node would answer 417 without a word.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response))
  limitConnections(app.server, { perAddress: config.limits.connectionsPerAddress, trustProxy: config.trustProxy })
  releaseConnections(app, context.isDraining)

  app.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', request.id)
  })
  limitSilence(app, () => config.limits.silenceMs)
  setSecurityHeaders(app, config)
  readReached(app, config)
  app.addHook('onSend', async (request, reply) => lingerAfterAnswer(request, reply))
  keepPromises(app, context)
  app.addHook('onResponse', async (request, reply) => {
    context.metrics.observe({
      method: request.method,
      route: request.routeOptions.url ?? 'unknown',
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1000
    })
  })

  const club = () => presentClub(context)
  await describeRoutes(app, context.version)
  await app.register(async (scope) => {
    const refuseOthers = refuseOtherMethods(scope)
    serveDocument(scope, context)
    registerOperations(scope, context)
    serveShare(scope, { ...context, basePath, club })
    servePublic(scope, { ...context, basePath, club })
    serveGuides(scope, { docsDir: context.docsDir, webDir: context.webDir, basePath, club })
    refuseOthers()
  })
  await serveWeb(app, { webDir: context.webDir, imageOrigin: context.imageOrigin, basePath, known, club })
  const origin = config.corsOrigins.includes('*') ? '*' : config.corsOrigins
  const crossOrigin = {
    origin,
    exposedHeaders: EXPOSED_HEADERS,
    methods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'],
    maxAge: 7200,
    // OPTIONS of other programs is answered, too.
    strictPreflight: false
  }

  // With a prefix, since OPTIONS of all paths below it is answered.
  const answerOrigins = async (prefix: string, register: (scope: FastifyInstance) => void) =>
    app.register(
      async (scope) => {
        tellAllowedMethods(scope)
        await scope.register(cors, crossOrigin)
        const refuseOthers = refuseOtherMethods(scope)
        register(scope)
        refuseOthers()
      },
      { prefix }
    )
  await answerOrigins('/api/inference/assets', (scope) => getAsset(scope, context))
  await answerOrigins('/api/provenance', (scope) => registerProvenance(scope, context))
  await app.register(
    async (scope) => {
      tellAllowedMethods(scope)
      await scope.register(cors, crossOrigin)
      // Within the scope, so that pages of other origins may read these answers where they may read any.
      handleUnknownRoutes(scope, known)
      const refuseOthers = prepareScope(scope, context)
      authenticateRoutes(scope, context)
      limitRates(scope, context)
      limitCalls(scope, context)
      registerBatches(scope, context)
      registerApi(scope, context)
      refuseOthers()
    },
    { prefix: '/v1' }
  )
  await app.register(
    async (scope) => {
      handleUnknownRoutes(scope)
      const refuseOthers = prepareScope(scope, context)
      // The document describes the API once, under the prefix that keys use.
      scope.addHook('onRoute', (route) => void (route.schema = { ...route.schema, hide: true }))
      authenticateSessions(scope, context)
      limitRates(scope, context)
      limitCalls(scope, context)
      registerApi(scope, context)
      registerDashboard(scope, context)
      refuseOthers()
    },
    { prefix: '/api/dashboard' }
  )
  await app.register(async (scope) => registerAuth(scope, context), { prefix: '/api/auth' })
  return app
}

/** What every scope of JSON endpoints answers alike; the returned function is called after its last route. */
function prepareScope(scope: FastifyInstance, context: HttpContext): () => void {
  scope.removeContentTypeParser('text/plain')
  inflateBodies(scope, (contentType, bodyLimit) =>
    isFormType(contentType) ? largestForm(context.config.limits) : bodyLimit
  )
  // A form is streamed by the routes that take one; the others answer 415.
  scope.addContentTypeParser('multipart/form-data', (request, payload, done) => {
    request.form = payload
    done(null)
  })
  // No body has no type, whatever the header says: curl sends one with every POST that has data, be it empty.
  scope.addContentTypeParser('*', (request, _payload, done) => {
    if (request.is404 || request.headers['content-length'] === '0') done(null)
    else done(wrongBodyType(request))
  })
  refuseBadQueries(scope)
  return refuseOtherMethods(scope)
}

/** The part of the API that is the same for programs with a key and for people who are signed in. */
function registerApi(scope: FastifyInstance, context: HttpContext): void {
  registerImages(scope, context)
  registerJobs(scope, context)
  registerWebhooks(scope, context)
  registerModels(scope, context)
  registerOrganization(scope, context)
}
