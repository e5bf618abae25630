/**
 * What makes a reader's screen do something, or show something else than is there: control characters (C0, DEL, C1), line
 * and paragraph separators, marks that turn the direction of writing, and what has no width and joins nothing. The two
 * joiners of emoji and of several scripts stay.
 */
const HARMFUL =
  /[\p{Cc}\u{ad}\u{61c}\u{180e}\u{200b}\u{200e}\u{200f}\u{2028}-\u{202e}\u{2060}-\u{206f}\u{feff}\u{fff9}-\u{fffb}\u{e0000}-\u{e007f}]/u

/** Escape sequences of terminals: they go as a whole, or their parameters would be left as text. */
const SEQUENCES =
  // eslint-disable-next-line no-control-regex -- the very thing that is looked for
  /(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|\x1b[PX^_][^\x1b]*(?:\x1b\\)?|\x1b[ -/]*[0-~]?/g

/**
 * Text of somebody else as one line that does nothing to whoever reads it: no escape sequences, no control or direction
 * marks, no half characters, at most `maxChars` UTF-16 units. Text that is already so comes back as it is.
 */
export function cleanText(text: string, maxChars: number = Infinity): string {
  const clean = HARMFUL.test(text)
    ? text
        .replace(SEQUENCES, '')
        .replace(/[\t\n\v\f\r\u{85}\u{2028}\u{2029}]+/gu, ' ')
        .replace(new RegExp(HARMFUL, 'gu'), '')
    : text
  return (clean.length > maxChars ? clean.slice(0, maxChars) : clean).toWellFormed()
}

/** Whether text is fit for a name, as it is: `cleanText` would leave it alone. */
export const isClean = (text: string): boolean => !HARMFUL.test(text) && text.isWellFormed()

/** The same as a pattern of JSON schema, for names. */
export const CLEAN_PATTERN = `^[^${HARMFUL.source.slice(1, -1)}]*$`
