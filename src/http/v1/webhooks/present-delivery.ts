import { Type } from 'typebox'
import { toUnixSeconds } from '../../../lib/clock.ts'
import type { DeliveryRow } from '../../../webhooks/webhook-store.ts'

type DeliveryState = DeliveryRow['state']

const WIRE_STATUS = {
  pending: 'PENDING',
  delivered: 'DELIVERED',
  failed: 'FAILED'
} as const satisfies Record<DeliveryState, string>

export const DELIVERY_STATUSES = Object.values(WIRE_STATUS)

export const parseDeliveryStatus = (status: (typeof DELIVERY_STATUSES)[number]): DeliveryState =>
  status.toLowerCase() as DeliveryState

const seconds = (ms: number | null): number | null => (ms === null ? null : toUnixSeconds(ms))

export const presentDelivery = (delivery: DeliveryRow) => ({
  id: delivery.id,
  object: 'webhook.delivery',
  event_type: delivery.event_type,
  job_id: delivery.request_id,
  url: delivery.url,
  status: WIRE_STATUS[delivery.state],
  tries: delivery.tries,
  last_status: delivery.last_status,
  last_error: delivery.last_error,
  created_at: toUnixSeconds(delivery.created_at),
  next_try_at: delivery.state === 'pending' ? toUnixSeconds(delivery.next_try_at) : null,
  delivered_at: seconds(delivery.delivered_at)
})

const time = Type.Union([Type.Integer(), Type.Null()], { description: 'Unix seconds.' })

export const DeliveryResponse = Type.Object({
  id: Type.String({ description: 'Also the `webhook-id` of every try.' }),
  object: Type.Literal('webhook.delivery'),
  event_type: Type.Enum(['image.completed', 'image.failed', 'image.canceled']),
  job_id: Type.String(),
  url: Type.String({ format: 'uri' }),
  status: Type.Enum([...DELIVERY_STATUSES]),
  tries: Type.Integer(),
  last_status: Type.Union([Type.Integer(), Type.Null()], { description: 'What the receiver answered last.' }),
  last_error: Type.Union([Type.String(), Type.Null()], { description: 'Why the last try failed.' }),
  created_at: Type.Integer({ description: 'Unix seconds.' }),
  next_try_at: time,
  delivered_at: time
})
