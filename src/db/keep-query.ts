import type { CompiledQuery, QueryResult } from 'kysely'
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
  const kept = new Map<string, CompiledQuery<Row>>()
  return (db, values) => {
    const given: unknown[] = []
    const executor = db.getExecutor()
    const { adapter, plugins } = executor
    // By kind of database, for each has words of its own.
    const shape = adapter.constructor.name + readShape(values, given)
    // Plugins want to see every query.
    if (given.length > MOST_VALUES || plugins.length > 0) return db.executeQuery(make(db, values).compile(db))
    const query = kept.get(shape) ?? make(db, standIn(values, { count: 0 }) as Values).compile(db)
    if (kept.size < MOST_SHAPES) kept.set(shape, query)
    const parameters = query.parameters.map((value) => (value instanceof Place ? given[value.index] : value))
    return executor.executeQuery<Row>({ ...query, parameters })
  }
}

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

/** Adds the values within to `found`, and returns what they are in. */
function readShape(value: unknown, found: unknown[]): string {
  if (!isGroup(value)) {
    found.push(value)
    return ','
  }
  if (Array.isArray(value)) return `[${value.map((one) => readShape(one, found)).join('')}]`
  let shape = '{'
  for (const [name, one] of Object.entries(value)) if (one !== undefined) shape += name + readShape(one, found)
  return shape + '}'
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
