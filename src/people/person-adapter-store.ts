import { type CleanedWhere, createAdapterFactory, type CustomAdapter } from 'better-auth/adapters'
import { APIError } from 'better-auth/api'
import type { BetterAuthOptions, DBAdapter } from 'better-auth/types'
import type { ExpressionBuilder, Kysely } from 'kysely'
import type { Database, Db } from '../db/database.ts'
import { AppError } from '../lib/errors.ts'
import type { Role } from '../lib/principal.ts'
import { MOST_NAME_CHARACTERS } from './join-by-password.ts'
import { insertPerson } from './person-store.ts'

type Row = Record<string, unknown>
/** better-auth names tables and columns at run time only. */
type AnyTables = Record<string, Row>

/** What a provider lends for acting in somebody's name. Nothing here does, so it is never stored. */
const DROPPED = ['accessToken', 'refreshToken', 'idToken', 'accessTokenExpiresAt', 'refreshTokenExpiresAt', 'scope']

const toColumn = (field: string): string => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
const toField = (column: string): string => column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
const toStored = (value: unknown): unknown =>
  value instanceof Date ? value.getTime() : typeof value === 'boolean' ? Number(value) : value

const toRow = (data: Row): Row =>
  Object.fromEntries(
    Object.entries(data)
      .filter(([field]) => !DROPPED.includes(field))
      .map(([field, value]) => [toColumn(field), toStored(value)])
  )
const fromRow = (row: Row): Row =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [toField(name), value]))

/**
 * better-auth's models in this product's tables: plural names, snake_case, times as UTC milliseconds, booleans as 0 and 1.
 * What it runs in a transaction is one, so it must not await anything else in there; signing up by password, where it
 * would hash within, is done by `person-store.ts` instead.
 */
export function createPersonAdapter({ db, clock }: Pick<Database, 'db' | 'clock'>) {
  return (options: BetterAuthOptions) => {
    const on = (executor: Db, inTransaction: boolean): DBAdapter =>
      createAdapterFactory({
        config: {
          adapterId: 'inference-club',
          usePlural: true,
          transaction: inTransaction ? false : (work) => db.transaction().execute((trx) => work(on(trx, true))),
          customTransformOutput: ({ data, fieldAttributes }) => {
            if (data === null || data === undefined) return data as unknown
            if (fieldAttributes.type === 'date') return new Date(Number(data))
            return fieldAttributes.type === 'boolean' ? Boolean(data) : (data as unknown)
          }
        },
        adapter: () => methodsOf(executor, () => clock.now())
      })(options)
    return on(db, false)
  }
}

function methodsOf(executor: Db, now: () => number): CustomAdapter {
  const db = executor as unknown as Kysely<AnyTables>
  const rowsOf = (model: string, where: readonly CleanedWhere[] = []) =>
    db.selectFrom(model).selectAll().where(matching(where))
  const deleteRows = async (model: string, where: readonly CleanedWhere[]) =>
    Number((await db.deleteFrom(model).where(matching(where)).executeTakeFirst()).numDeletedRows)
  const updateRows = (model: string, where: readonly CleanedWhere[], update: Row) =>
    db.updateTable(model).set(toRow(update)).where(matching(where))

  return {
    create: async <T extends Row>({ model, data }: { model: string; data: T }) => {
      if (model === 'users') return fromRow(await createUser(executor, data, now())) as T
      if (model === 'sessions') await refuseDisabled(executor, String(data.userId))
      const row = await db.insertInto(model).values(toRow(data)).returningAll().executeTakeFirstOrThrow()
      return fromRow(row) as T
    },
    findOne: async <T>({ model, where }: { model: string; where: CleanedWhere[] }) => {
      const row = await rowsOf(model, where).limit(1).executeTakeFirst()
      return row ? (fromRow(row) as T) : null
    },
    findMany: async <T>(query: Parameters<CustomAdapter['findMany']>[0]) => {
      const { sortBy } = query
      const rows = await rowsOf(query.model, query.where)
        .$if(sortBy !== undefined, (q) => q.orderBy(toColumn(sortBy?.field ?? ''), sortBy?.direction ?? 'asc'))
        .limit(query.limit)
        .$if(query.offset !== undefined, (q) => q.offset(query.offset ?? 0))
        .execute()
      return rows.map((row) => fromRow(row) as T)
    },
    update: async <T>({ model, where, update }: { model: string; where: CleanedWhere[]; update: T }) => {
      const row = await updateRows(model, where, update as Row)
        .returningAll()
        .executeTakeFirst()
      return row ? (fromRow(row) as T) : null
    },
    updateMany: async ({ model, where, update }) =>
      Number((await updateRows(model, where, update).executeTakeFirst()).numUpdatedRows),
    delete: async ({ model, where }) => void (await deleteRows(model, where)),
    deleteMany: ({ model, where }) => deleteRows(model, where),
    count: async ({ model, where }) => (await rowsOf(model, where).execute()).length
  }
}

const OPERATORS = { eq: '=', ne: '!=', lt: '<', lte: '<=', gt: '>', gte: '>=', in: 'in' } as const

/** What the endpoints in use ask for. Anything else is refused, for a condition left out would match too much. */
function matching(where: readonly CleanedWhere[]) {
  return (e: ExpressionBuilder<AnyTables, string>) =>
    e.and(
      where.map(({ field, operator = 'eq', value, connector }) => {
        if (!Object.hasOwn(OPERATORS, operator) || connector === 'OR')
          throw new Error(`No condition with ${connector} ${operator}.`)
        const column = toColumn(field)
        if (value === null) return e(column, operator === 'ne' ? 'is not' : 'is', null)
        const stored = Array.isArray(value) ? value.map(toStored) : toStored(value)
        return e(column, OPERATORS[operator as keyof typeof OPERATORS], stored)
      })
    )
}

/** Whatever a provider says is printed on terminals, too. */
const PRINTABLE_ADDRESS = /^[^\s\p{Cc}@]+@[^\s\p{Cc}@]+$/u
const tameName = (text: string): string =>
  text
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, MOST_NAME_CHARACTERS)

/** Somebody new by GitHub or OIDC, with the invitation that the sign-in carried. */
async function createUser(executor: Db, data: Row, now: number): Promise<Row> {
  const { id, name, email, emailVerified, role, invitationId } = data as {
    id: string
    name: string
    email: string
    emailVerified: boolean
    role: Role
    invitationId?: string
  }
  if (!PRINTABLE_ADDRESS.test(email)) {
    throw new APIError('FORBIDDEN', { code: 'email_not_found', message: 'The provider told no e-mail address.' })
  }
  try {
    const person = { id, name: tameName(name) || email, email, emailVerified, role, invitationId }
    return await insertPerson(executor, person, now)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    throw new APIError('FORBIDDEN', { code: error.code, message: error.message })
  }
}

async function refuseDisabled(executor: Db, userId: string): Promise<void> {
  const user = await executor.selectFrom('users').select('disabled_at').where('id', '=', userId).executeTakeFirst()
  if (user?.disabled_at === null) return
  throw new APIError('FORBIDDEN', {
    code: 'account_disabled',
    message: 'An admin has shut this account out. Nothing of it is deleted: ask an admin, who can let you in again.'
  })
}
