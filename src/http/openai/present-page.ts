/** A page of OpenAI's list shape; its clients continue after `last_id`. */
export const presentPage = <T extends { id: string }>(data: readonly T[], hasMore: boolean) => ({
  object: 'list',
  data,
  first_id: data[0]?.id ?? null,
  last_id: data.at(-1)?.id ?? null,
  has_more: hasMore
})
