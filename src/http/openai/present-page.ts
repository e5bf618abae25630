import { type TSchema, Type } from 'typebox'

/** A page of OpenAI's list shape; its clients continue after `last_id`. */
export const presentPage = <T extends { id: string }>(data: readonly T[], hasMore: boolean) => ({
  object: 'list',
  data,
  first_id: data[0]?.id ?? null,
  last_id: data.at(-1)?.id ?? null,
  has_more: hasMore
})

const id = Type.Union([Type.String(), Type.Null()])

/** For the API document: such a page. */
export const PageOf = (item: TSchema) =>
  Type.Object({
    object: Type.Literal('list'),
    data: Type.Array(item),
    first_id: id,
    last_id: id,
    has_more: Type.Boolean()
  })
