import { factColumns, type StoredFacts } from '../assets/stored-facts.ts'
import type { Database } from '../db/database.ts'
import { newId } from '../lib/ids.ts'
import { DASHBOARD_KEY_ID } from '../lib/principal.ts'
import { insertAssets, insertRequest } from './request-store.ts'
import { TASK_CLASS } from './request-states.ts'
import { insertTasks } from './task-store.ts'

const UNKNOWN_MODEL = 'unknown'
const WARNING =
  'This image was found in the store without its request and given to you by whoever runs the server: what was asked for, and by whom, is not known.'

/**
 * Writes a request for an image that is stored and that no row refers to, as somebody's: one that has ended, made by a model
 * that nobody knows, with an empty prompt. It counts in no usage. The image gets a new id, since its old one may be known to
 * people who were to see it as long as it was another's.
 */
export async function adoptImage(
  { db }: Pick<Database, 'db'>,
  image: StoredFacts & { userId: string; storageKey: string; storedAt: number }
): Promise<void> {
  const { userId, storedAt: at } = image
  const [requestId, assetId] = [newId('req'), newId('ast')]
  const ended = { state: 'succeeded' as const, kind: 'generation', model: UNKNOWN_MODEL, finished_at: at }
  const noError = { error_code: null, error_message: null }
  await db.transaction().execute(async (trx) => {
    await insertRequest(trx, {
      ...ended,
      ...noError,
      id: requestId,
      user_id: userId,
      api_key_id: DASHBOARD_KEY_ID,
      is_async: 1,
      prompt: '',
      parameters: JSON.stringify({ extra: {} }),
      n: 1,
      end_user: null,
      batch_id: null,
      batch_position: null,
      webhook_url: null,
      created_at: at,
      started_at: null,
      warnings: JSON.stringify([WARNING])
    })
    await insertTasks(trx, [
      {
        ...ended,
        ...noError,
        id: newId('tsk'),
        request_id: requestId,
        user_id: userId,
        api_key_id: DASHBOARD_KEY_ID,
        position: 0,
        needs: '',
        routing: 'any',
        seed: 0,
        class: TASK_CLASS.async,
        order_key: 0,
        queued_at: at,
        current_attempt_id: null,
        asset_id: assetId,
        warnings: null
      }
    ])
    await insertAssets(trx, [
      {
        id: assetId,
        owner_id: userId,
        request_id: requestId,
        kind: 'output',
        position: 0,
        storage_key: image.storageKey,
        ...factColumns(image),
        seed: null,
        created_at: at
      }
    ])
  })
}
