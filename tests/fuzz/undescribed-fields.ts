import type { Schema } from './sound-values.ts'

/** What an endpoint takes that has no schema beside its route. */
interface Undescribed {
  query?: Record<string, Schema>
  /** Of a JSON body. */
  fields?: Record<string, Schema>
}

const text: Schema = { type: 'string' }
const count: Schema = { type: 'integer', minimum: 1 }
const moment: Schema = { type: 'integer', minimum: 0 }
const page = { limit: { type: 'integer', minimum: 1, maximum: 200 }, after: text, owner: text }
const limits: Schema = {
  type: 'object',
  properties: {
    ...{ imagesPerDay: count, imagesPerMonth: count, maxActive: count, maxPixels: count },
    models: { type: 'array', items: text, maxItems: 100 }
  }
}
const visibility: Schema = { enum: ['PUBLIC', 'UNLISTED', 'PRIVATE', 'SECRET'] }
const expiresIn: Schema = { anyOf: [{ const: 0 }, { type: 'integer', minimum: 60, maximum: 315_360_000 }] }
const reportReason: Schema = { enum: ['illegal', 'sexual', 'violence', 'person', 'rights', 'other'] }
const nothing: Undescribed = {}

/** The dashboard's endpoints and others that are in no document. A test finds the one that is missing here. */
export const UNDESCRIBED: Record<string, Undescribed> = {
  'GET /': nothing,
  'GET /docs': nothing,
  'GET /openapi.json': nothing,
  'GET /share/:id': nothing,
  'GET /public': { query: { cursor: text } },
  'POST /public': { fields: { picture: text, reason: reportReason, text } },
  'GET /guides': nothing,
  'GET /guides/*': nothing,
  'GET /guides/guides.css': nothing,
  'GET /theme.js': nothing,
  'GET /favicon.svg': nothing,
  'GET /manifest.webmanifest': nothing,
  'GET /healthz': nothing,
  'GET /readyz': nothing,
  'GET /metrics': nothing,
  'GET /api/agent/connect': nothing,
  'GET /api/agent/attempts/:id/inputs/:name': nothing,
  'POST /api/agent/attempts/:id/upload': { fields: { any: text } },
  'POST /api/agent/attempts/:id/uploaded': nothing,
  'PUT /api/agent/attempts/:id/image': { fields: { any: text } },
  'GET /api/auth/*': nothing,
  'POST /api/auth/*': { fields: { any: text } },
  'GET /api/dashboard/session': nothing,
  'GET /api/dashboard/requests': {
    query: {
      ...page,
      ...{ q: text, model: text, provider: text, from: moment, to: moment },
      status: { enum: ['active', 'queued', 'running', 'succeeded', 'failed', 'canceled'] },
      kind: { enum: ['generation', 'edit', 'variation'] },
      visibility
    }
  },
  'GET /api/dashboard/requests/:id': nothing,
  'GET /api/dashboard/queue': { query: page },
  'GET /api/dashboard/filters': { query: page },
  'GET /api/dashboard/events': { query: page },
  'GET /api/dashboard/network': nothing,
  'GET /api/dashboard/providers/:id': nothing,
  'POST /api/dashboard/providers/:id/drain': nothing,
  'POST /api/dashboard/providers/:id/resume': nothing,
  'GET /api/dashboard/providers/:id/people': { query: { q: text } },
  'PUT /api/dashboard/providers/:id/services/:serviceId/terms': {
    fields: {
      access: { type: 'string', enum: ['members', 'private', 'listed'] },
      people: { type: 'array', items: { type: 'string' } },
      imagesPerHour: count,
      imagesPerUserHour: count,
      isPaused: { type: 'boolean' }
    }
  },
  'PUT /api/dashboard/providers/:id/services/:serviceId/offers': {
    fields: { model: text, isOffered: { type: 'boolean' } }
  },
  'PUT /api/dashboard/providers/:id/services/:serviceId/warms': { fields: { model: text } },
  'PUT /api/dashboard/providers/:id/blocks/:userId': nothing,
  'DELETE /api/dashboard/providers/:id/blocks/:userId': nothing,
  'POST /api/dashboard/providers/:id/approve': nothing,
  'POST /api/dashboard/providers/:id/block': nothing,
  'POST /api/dashboard/providers/:id/unblock': nothing,
  'DELETE /api/dashboard/providers/:id': nothing,
  'GET /api/dashboard/keys': { query: page },
  'POST /api/dashboard/keys': {
    fields: {
      ...{ name: text, expiresAt: { type: 'integer', minimum: Date.UTC(2100, 0) }, limits, rateLimit: count },
      scopes: { type: 'array', items: { enum: ['generate', 'agent', 'usage', 'admin'] } },
      responseFormat: { enum: ['url', 'b64_json', 'b64_json_only'] },
      replacesUnused: { type: 'boolean' },
      visibility,
      expiresIn
    }
  },
  'PATCH /api/dashboard/keys/:id': { fields: { limits, rateLimit: count, visibility, expiresIn } },
  'DELETE /api/dashboard/keys/:id': nothing,
  'POST /api/dashboard/invitations/look': { fields: { token: text } },
  'POST /api/dashboard/invitations/accept': { fields: { token: text, name: text, email: text, password: text } },
  'GET /api/dashboard/invitations': { query: page },
  'POST /api/dashboard/invitations': { fields: { email: text, role: { enum: ['member', 'admin'] } } },
  'DELETE /api/dashboard/invitations/:id': nothing,
  'GET /api/dashboard/overview': { query: page },
  'GET /api/dashboard/account': nothing,
  'PATCH /api/dashboard/account': {
    fields: { name: text, visibility, keepDays: count, keepBytes: { type: 'integer', minimum: 1_000_000 } }
  },
  'DELETE /api/dashboard/account': { fields: { email: text } },
  'DELETE /api/dashboard/account/sessions/:id': nothing,
  'POST /api/dashboard/account/sessions/end-others': nothing,
  'GET /api/dashboard/people': { query: page },
  'PATCH /api/dashboard/people/:id': {
    fields: { role: { enum: ['member', 'admin'] }, disabled: { type: 'boolean' }, limits }
  },
  'POST /api/dashboard/people/:id/link': nothing,
  'GET /api/dashboard/reports': nothing,
  'POST /api/dashboard/reports/:id/dismiss': nothing,
  'POST /api/dashboard/reports/:id/take-down': { fields: { reason: reportReason } },
  'POST /api/dashboard/reports/:id/lift': nothing,
  'GET /api/dashboard/settings': nothing,
  'GET /api/dashboard/club/picture': { query: { v: text } },
  'PUT /api/dashboard/club/picture': nothing,
  'DELETE /api/dashboard/club/picture': nothing,
  // Those that leave the gateway usable whatever they are.
  'PATCH /api/dashboard/settings': {
    fields: { INFERENCE_CLUB_INVITATION_LIFETIME: text, INFERENCE_CLUB_LIMITS_WEBHOOK_RETENTION: text }
  },
  'GET /api/dashboard/system': nothing,
  'GET /api/dashboard/errors': { query: { ...page, days: text } },
  'GET /api/dashboard/webhook-deliveries': {
    query: { ...page, status: { enum: ['PENDING', 'DELIVERED', 'FAILED'] } }
  },
  'POST /api/dashboard/webhook-deliveries/:id/redeliver': nothing
}
