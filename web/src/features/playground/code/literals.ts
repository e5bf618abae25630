/** Values as each language spells them, indented so that they can stand anywhere in a snippet. */

const STEP = '    '
const JS_STEP = '  '

/** The escapes that JSON writes mean the same in Python. */
export function pythonLiteral(value: unknown, indent = ''): string {
  if (value === null || value === undefined) return 'None'
  if (value === true) return 'True'
  if (value === false) return 'False'
  if (typeof value !== 'object') return JSON.stringify(value)
  const inner = indent + STEP
  const members = Array.isArray(value)
    ? value.map((one) => pythonLiteral(one, inner))
    : Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${pythonLiteral(one, inner)}`)
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  return bracketed(members, { open, close, inner, indent, pad: '' })
}

export function jsLiteral(value: unknown, indent = ''): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined'
  const inner = indent + JS_STEP
  const members = Array.isArray(value)
    ? value.map((one) => jsLiteral(one, inner))
    : Object.entries(value).map(([name, one]) => `${jsName(name)}: ${jsLiteral(one, inner)}`)
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  return bracketed(members, { open, close, inner, indent, pad: open === '{' ? ' ' : '' })
}

/** A property's name; `__proto__` as a plain one would set the prototype. */
export function jsName(name: string): string {
  if (name === '__proto__') return '["__proto__"]'
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
}

interface Brackets {
  open: string
  close: string
  /** Of the members, where they need lines of their own. */
  inner: string
  indent: string
  /** Within the brackets, where one line is enough. */
  pad: string
}

const LONGEST_LINE = 60

function bracketed(members: readonly string[], { open, close, inner, indent, pad }: Brackets): string {
  if (members.length === 0) return open + close
  const line = [open, members.join(', '), close].join(pad)
  if (line.length <= LONGEST_LINE && !line.includes('\n')) return line
  return `${open}\n${members.map((member) => inner + member).join(',\n')}\n${indent}${close}`
}
