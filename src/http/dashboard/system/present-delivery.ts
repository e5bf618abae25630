import type { DeliveryRow } from '../../../webhooks/webhook-store.ts'
import type { DeliveryPage } from '../contract/admin.ts'

/** Without the path of its URL, which may hold secrets. `names` are those of owners, by their ids. */
export const presentDelivery = (
  delivery: DeliveryRow,
  names: ReadonlyMap<string, string>
): DeliveryPage['items'][number] => ({
  id: delivery.id,
  requestId: delivery.request_id,
  owner: { id: delivery.user_id, name: names.get(delivery.user_id) ?? '' },
  eventType: delivery.event_type,
  host: new URL(delivery.url).host,
  state: delivery.state,
  tries: delivery.tries,
  lastStatus: delivery.last_status,
  lastError: delivery.last_error,
  createdAt: delivery.created_at,
  nextTryAt: delivery.state === 'pending' ? delivery.next_try_at : null,
  deliveredAt: delivery.delivered_at
})
