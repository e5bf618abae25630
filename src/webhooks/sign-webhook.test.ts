import OpenAI from 'openai'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { systemClock, toUnixSeconds } from '../lib/clock.ts'
import { newWebhookSecret } from '../lib/ids.ts'
import { signWebhook } from './sign-webhook.ts'

/** The key bytes are the text 0123456789abcdef twice. */
const SECRET = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='
const PAYLOAD = '{"id":"evt_1","object":"event","type":"image.completed","created_at":1795340000,"data":{"id":"img_1"}}'

const openai = new OpenAI({ apiKey: 'none' })
const now = () => toUnixSeconds(systemClock.now())

describe('a signature', () => {
  it('is the one computed by hand', () => {
    expect(signWebhook({ secret: SECRET, id: 'wh_1', timestamp: 1_795_340_000, payload: PAYLOAD })).toEqual({
      'webhook-id': 'wh_1',
      'webhook-timestamp': '1795340000',
      'webhook-signature': 'v1,M2bYvstwAkHxrOcpIiZWGHLL+XRenCKQIz21W7/Put0='
    })
  })

  it('is verified by both libraries, with the secret of a key, beyond ASCII too', async () => {
    const secret = newWebhookSecret()
    const payload = JSON.stringify({ type: 'image.completed', data: { id: 'żółw 🐢' } })
    const headers = signWebhook({ secret, id: 'whd_1', timestamp: now(), payload })
    expect(new Webhook(secret).verify(payload, headers)).toEqual(JSON.parse(payload))
    expect(await openai.webhooks.unwrap(payload, headers, secret)).toEqual(JSON.parse(payload))
  })

  it.each([
    ['another secret', { secret: newWebhookSecret() }],
    ['another body', { payload: PAYLOAD.replace('img_1', 'img_2') }],
    ['another id', { id: 'wh_2' }],
    ['another time', { timestamp: now() - 1 }]
  ])('is not that of %s', async (_what, change) => {
    const message = { secret: SECRET, id: 'wh_1', timestamp: now(), payload: PAYLOAD }
    const own = signWebhook(message)
    const other = signWebhook({ ...message, ...change })
    const forged = { ...own, 'webhook-signature': other['webhook-signature'] }
    expect(() => new Webhook(SECRET).verify(PAYLOAD, forged)).toThrow(WebhookVerificationError)
    await expect(openai.webhooks.unwrap(PAYLOAD, forged, SECRET)).rejects.toThrow()
  })
})

describe('the secret of a key', () => {
  it('is whsec_ and 24 random bytes in base64', () => {
    const secrets = Array.from({ length: 100 }, newWebhookSecret)
    expect(new Set(secrets).size).toBe(100)
    for (const secret of secrets) {
      expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{32}$/)
      expect(Buffer.from(secret.slice('whsec_'.length), 'base64')).toHaveLength(24)
    }
  })
})
