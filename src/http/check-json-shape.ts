import { errors } from '../lib/errors.ts'

/** What a field may be nested (see `Fields`), and around it a batch, its list, a request and its body. */
const MOST_LEVELS = 40
/** Members of lists and objects, in all. */
const MOST_MEMBERS = 50_000

const [QUOTE, COMMA, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [...'",\\[]{}'].map((one) =>
  one.charCodeAt(0)
)

/**
 * Refuses JSON whose parsing would cost far more time and memory than its bytes: nested without end, or of very many
 * parts. One pass over the text, which ends at the first excess; whether it is JSON its parser decides.
 * Throws `invalid_request` and `request_too_large`, with the field of the outermost object that is at fault.
 */
export function checkJsonShape(text: string): void {
  let [levels, members, field] = [0, 0, '']
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      const end = endOfString(text, at)
      if (levels === 1) field = text.slice(at, Math.min(end + 1, at + 200))
      at = end
    } else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      members++
      if (++levels > MOST_LEVELS) throw tooDeep(nameOf(field))
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) levels--
    else if (code === COMMA) members++
    if (members > MOST_MEMBERS) throw tooMany(nameOf(field))
  }
}

/** Where the quote is that ends the string which begins at `from`; the end of the text when there is none. */
function endOfString(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let backslashes = 0
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return at
  }
  return text.length
}

function nameOf(quoted: string): string | null {
  try {
    return JSON.parse(quoted) as string
  } catch {
    return null // No name, or one that is too long to be told.
  }
}

const tooDeep = (field: string | null) =>
  errors.invalidRequest(`${subject(field)} is nested more than ${MOST_LEVELS} levels deep.`, field)

const tooMany = (field: string | null) =>
  errors.requestTooLarge(`${subject(field)} has more than the ${MOST_MEMBERS} values allowed in a body.`, field)

const subject = (field: string | null) => (field === null ? 'The body' : `'${field}'`)
