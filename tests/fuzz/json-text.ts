import fc, { type Arbitrary } from 'fast-check'

const MISSPELLINGS = ['cut', 'said twice', 'members twice', 'huge number', 'mark', 'deep', 'empty'] as const

/** JSON text of the value; at times cut off, with something behind it, a member twice, or a number that is none. */
export const jsonText = (value: Arbitrary<unknown>): Arbitrary<string> =>
  fc
    .tuple(
      value,
      fc.oneof(
        { weight: 12, arbitrary: fc.constant('as it is' as const) },
        { weight: 1, arbitrary: fc.constantFrom(...MISSPELLINGS) }
      ),
      fc.nat()
    )
    .map(([said, how, place]) => misspell(JSON.stringify(said) ?? 'null', how, place))

function misspell(text: string, how: 'as it is' | (typeof MISSPELLINGS)[number], place: number): string {
  switch (how) {
    case 'as it is':
      return text
    case 'cut':
      return text.slice(0, place % (text.length + 1))
    case 'said twice':
      return `${text}${text}`
    case 'members twice':
      return text.replace(/^\{(.+)\}$/s, '{$1,$1}')
    case 'huge number':
      return text.replace(/:-?\d+/, ':1e400')
    case 'mark':
      return `\ufeff${text}`
    case 'deep':
      return `${'['.repeat(20_000)}${']'.repeat(20_000)}`
    case 'empty':
      return ''
  }
}
