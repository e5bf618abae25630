import { isDeepStrictEqual } from 'node:util'
import { SERVER, SETTINGS } from './config.ts'
import { LIVE_SETTINGS } from './live-settings.ts'
import { OFFERING } from './provider-settings.ts'
import { SIGN_IN } from './sign-in-settings.ts'
import { type Setting, SettingMistake } from './settings.ts'
import { PREFIX } from './unknown-variables.ts'

const HELP_WIDTH = 100
/** Between documents, as descriptions hold it for those who read them there: `[a word](document.md)`. */
const LINK = /\[[^\]]*\]\(([\w/-]+\.md)\)/g

type Described = Pick<Setting<unknown>, 'variable' | 'description' | 'defaultText' | 'fallback' | 'parse'>

const isLimit = ({ variable }: Setting<unknown>): boolean => variable.startsWith(`${PREFIX}LIMITS_`)

const isSignIn = (setting: Setting<unknown>): boolean => Object.values<Setting<unknown>>(SIGN_IN).includes(setting)

const isOffering = (setting: Setting<unknown>): boolean => Object.values<Setting<unknown>>(OFFERING).includes(setting)

/** What bounds what anybody may do here. */
export const BOUNDS: readonly Setting<unknown>[] = SETTINGS.filter(
  (setting) => setting === SERVER.rateLimit || isOffering(setting) || isLimit(setting)
)

const isServer = (setting: Setting<unknown>): boolean => !isLimit(setting) && !isSignIn(setting) && !isOffering(setting)

const SECTIONS = [
  { title: 'Server', settings: SETTINGS.filter(isServer) },
  { title: 'Signing in', settings: SETTINGS.filter(isSignIn) },
  { title: 'Whose machines', settings: SETTINGS.filter(isOffering) },
  { title: 'Limits', settings: SETTINGS.filter(isLimit) }
] as const

const INTRODUCTION = `# Configuration of the gateway

<!-- Generated from the settings themselves: change src/config/config.ts and run \`npm run docs\`. -->

The gateway is configured by environment variables. Each has a default, and a blank value means the default. Durations
are written \`500ms\`, \`90s\`, \`5m\`, \`1h\` or \`30d\`, sizes \`26214400\` or \`25MiB\`, switches \`1\` or \`0\`.

The gateway starts only when all of them are right, and tells everything that is wrong at once. A variable that begins
with \`${PREFIX}\` and does not exist is wrong too: most likely it is misspelt. \`${PREFIX}API_KEY\` and
\`${PREFIX}URL\` are for clients and agents, and the gateway leaves them alone.
`

/** The whole of docs/configuration.md. */
export function renderConfigurationDoc(): string {
  const sections = SECTIONS.map(({ title, settings }) => `\n## ${title}\n\n${renderConfigurationTable(settings)}`)
  return INTRODUCTION + sections.join('') + `\n${renderLiveSettings()}`
}

const renderLiveSettings = (): string => `## While it runs

Admins change these on the dashboard's page of settings without a restart. What is set there wins over the variable until
it is taken back there.

${LIVE_SETTINGS.map(({ setting }) => `- ${setting.title}: \`${setting.variable}\`\n`).join('')}`

/** A Markdown table: variable, default, meaning. */
export function renderConfigurationTable(settings: readonly Described[] = SETTINGS): string {
  const rows = settings.map((setting) => [`\`${setting.variable}\``, defaultInMarkdown(setting), setting.description])
  const lines = [['Variable', 'Default', 'Meaning'], ['---', '---', '---'], ...rows]
  return lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`).join('')
}

/** All variables for a terminal: two aligned columns of at most 100 characters, ending in a line break. */
export function renderConfigurationHelp(): string {
  const nameWidth = Math.max(...SETTINGS.map(({ variable }) => variable.length))
  const textWidth = HELP_WIDTH - nameWidth - 4
  const entry = ({ variable, description, defaultText }: Setting<unknown>): string => {
    const text = `${description} (default: ${defaultText})`.replace(LINK, 'docs/$1').replaceAll('`', '')
    const lines = wrap(text, textWidth).map(
      (line, index) => (index === 0 ? variable : '').padEnd(nameWidth) + `  ${line}`
    )
    return lines.map((line) => `  ${line}\n`).join('')
  }
  return SECTIONS.map(({ title, settings }) => `${title}:\n${settings.map(entry).join('')}`).join('\n')
}

/** As code when it can be typed as it stands; else it is a description of the default. */
function defaultInMarkdown({ defaultText, fallback, parse }: Described): string {
  try {
    return isDeepStrictEqual(parse(defaultText), fallback) ? `\`${defaultText}\`` : defaultText
  } catch (error) {
    if (!(error instanceof SettingMistake)) throw error
    return defaultText
  }
}

/** Breaks a text at its spaces; a word longer than `width` keeps a line of its own. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}
