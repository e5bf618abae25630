/** As one word of a POSIX shell, whatever is in it: within single quotes nothing means anything but the closing one. */
export const shellWord = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`

/** The arguments that send this as JSON. */
export const jsonArguments = (body: unknown): string[] => [
  `-H 'Content-Type: application/json'`,
  `-d ${shellWord(JSON.stringify(body, null, 2))}`
]

/** The same for a body that may be longer than a word of a command line, which on Linux holds 128 KiB. No line of JSON is `EOF`. */
export const longJsonArguments = (body: unknown): string[] => [
  `-H 'Content-Type: application/json'`,
  `-d @- <<'EOF'\n${JSON.stringify(body, null, 2)}\nEOF`
]

/** A command for a POSIX shell; the key comes from the environment. */
export const curlCommand = (url: string, rest: readonly string[]): string =>
  [`curl ${shellWord(url)}`, '-H "Authorization: Bearer $INFERENCE_CLUB_API_KEY"', ...rest].join(' \\\n  ')
