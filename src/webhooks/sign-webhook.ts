import { Webhook } from 'standardwebhooks'

/**
 * The headers of one try, as Standard Webhooks has them (https://www.standardwebhooks.com): the id stays the same over
 * all tries of a delivery, the timestamp (whole Unix seconds) is that of this try. `secret` is `whsec_` and base64.
 */
export function signWebhook(message: {
  secret: string
  id: string
  timestamp: number
  payload: string
}): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> {
  const { secret, id, timestamp, payload } = message
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': new Webhook(secret).sign(id, new Date(timestamp * 1000), payload)
  }
}
