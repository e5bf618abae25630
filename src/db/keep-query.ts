import type { CompiledQuery, QueryExecutor, QueryResult } from 'kysely'
import type { Db } from './database.ts'

/** Of one query: more are made anew each time. A list of another length is another shape. */
const MOST_SHAPES = 50
/** Of one call: what has more is made anew, for its text would be long. Sixteen attempts that begin together have 240. */
const MOST_VALUES = 250

/**
 * A query that is put together once and run with the values of each call: to put one together takes several times what SQLite needs
 * to answer it. `make` gets stand-ins in place of the values, in the same lists and objects. They may be compared with, set and
 * inserted as they are; what the query is made of may depend on which values there are, how many of them a list has and what is
 * undefined, and on nothing else of them. Whoever reckons with a stand-in, or writes it into a text, has an error thrown.
 */
export function keepQuery<Values, Row>(
  make: (db: Db, values: Values) => Makes<Row>
): (db: Db, values: Values) => Promise<QueryResult<Row>> {
  const kept: Kept<Row>[] = []
  return (db, values) => {
    const executor = db.getExecutor()
    // Plugins want to see every query.
    if (executor.plugins.length > 0) return db.executeQuery(make(db, values).compile(db))
    const { adapter } = executor
    for (const one of kept) {
      const given: unknown[] = []
      if (one.adapter === adapter.constructor && fits(values, one.shape, given)) return run(executor, one.query, given)
    }
    const given: unknown[] = []
    const shape = readShape(values, given)
    if (given.length > MOST_VALUES) return db.executeQuery(make(db, values).compile(db))
    const query = make(db, standIn(values, { count: 0 }) as Values).compile(db)
    if (kept.length < MOST_SHAPES) kept.push({ adapter: adapter.constructor, shape, query })
    return run(executor, query, given)
  }
}

/** A query, for values in lists and objects like those it was made for. */
interface Kept<Row> {
  /** Of which kind of database, for each has words of its own. */
  adapter: unknown
  shape: Shape
  query: CompiledQuery<Row>
}

/** A value, or what values are in: a list, or with their names an object. */
type Shape = 'value' | { names: readonly string[] | undefined; parts: readonly Shape[] }

const run = <Row>(
  executor: QueryExecutor,
  { query, queryId, sql, parameters }: CompiledQuery<Row>,
  given: readonly unknown[]
): Promise<QueryResult<Row>> =>
  executor.executeQuery<Row>({
    query,
    queryId,
    sql,
    parameters: parameters.map((value) => (value instanceof Place ? given[value.index] : value))
  })

/** A query of a builder, or one written out with `sql`. */
interface Makes<Row> {
  compile(db: Db): CompiledQuery<Row>
}

/** Where a value goes, as one of all that are given. */
class Place {
  readonly index: number

  constructor(index: number) {
    this.index = index
  }

  [Symbol.toPrimitive](): never {
    throw new Error('A query that is kept must not depend on what its values are.')
  }
}

/** Whether values are in a shape; adds them to `found`. Asked for each query: so nothing is made here that goes again. */
function fits(value: unknown, shape: Shape, found: unknown[]): boolean {
  if (!isGroup(value)) return shape === 'value' && found.push(value) > 0
  if (shape === 'value') return false
  const { names, parts } = shape
  let at = 0
  if (Array.isArray(value)) {
    if (names || value.length !== parts.length) return false
    for (const part of parts) if (!fits(value[at++], part, found)) return false
    return true
  }
  const named = value as Record<string, unknown>
  for (const name in named) {
    const one = named[name]
    if (one === undefined) continue
    const part = parts[at]
    if (!names || part === undefined || names[at] !== name || !fits(one, part, found)) return false
    at += 1
  }
  return names?.length === at
}

/** The shape of values, which it adds to `found`. */
function readShape(value: unknown, found: unknown[]): Shape {
  if (!isGroup(value)) {
    found.push(value)
    return 'value'
  }
  if (Array.isArray(value)) return { names: undefined, parts: value.map((one) => readShape(one, found)) }
  const named = Object.entries(value).filter(([, one]) => one !== undefined)
  return { names: named.map(([name]) => name), parts: named.map(([, one]) => readShape(one, found)) }
}

/** The same lists and objects with places in them, counted as `readShape` finds their values. */
function standIn(value: unknown, places: { count: number }): unknown {
  if (!isGroup(value)) return new Place(places.count++)
  if (Array.isArray(value)) return value.map((one) => standIn(one, places))
  const named = Object.entries(value).filter(([, one]) => one !== undefined)
  return Object.fromEntries(named.map(([name, one]) => [name, standIn(one, places)]))
}

const isGroup = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)
