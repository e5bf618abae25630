/** The multiple of `keys` at or below an order key, which may be negative. */
const firstKey = (keys: number): string => `(order_key - ((order_key % ${keys}) + ${keys}) % ${keys})`

/** What the tables that the database counts by itself must hold, as it follows from tasks and assets. */
const COUNTED: Record<string, { columns: string[]; query: string }> = {
  unfinished_images: {
    columns: ['user_id', 'api_key_id', 'queued', 'running'],
    query: `select user_id, api_key_id, sum(state = 'queued') as queued, sum(state = 'running') as running
      from tasks where state in ('queued', 'running') group by 1, 2`
  },
  stored_bytes: {
    columns: ['owner_id', 'bytes'],
    query: `select owner_id, sum(bytes) as bytes
      from (select distinct owner_id, storage_key, bytes from assets) group by 1 having sum(bytes) > 0`
  },
  queue_lengths: {
    columns: ['keys', 'model', 'class', 'first_key', 'images'],
    query: [1, 256, 65_536]
      .map(
        (keys) => `select ${keys} as keys, model, class, ${firstKey(keys)} as first_key, count(*) as images
          from tasks where state = 'queued' group by 1, 2, 3, 4`
      )
      .join(' union all ')
  }
}

/** SQL that gives one sentence, as `wrong`, for each row of those tables that is wrong, missing or too much. */
export const MISCOUNTS = Object.entries(COUNTED)
  .flatMap(([table, { columns, query }]) => {
    const row = columns.join(` || ' ' || `)
    return [
      `select '${table} has wrongly ' || ${row} as wrong from (select * from ${table} except select * from (${query}))`,
      `select '${table} lacks ' || ${row} as wrong from (select * from (${query}) except select * from ${table})`
    ]
  })
  .join(' union all ')
