import { ENGINES } from '../../../../src/engines/engine-descriptions.ts'
import { askForKey } from '../../../../src/lib/ask-for-key.ts'
import { findUrlSecret } from '../../../../src/lib/url-secrets.ts'
import { agentKeyLines, cloneLines, keyFileLine } from '../../lib/clone-lines.ts'
import { formatNumber } from '../../lib/format.ts'
import { readCap } from './caps-form.ts'

/** A machine that is to be connected, as it is filled in. */
export interface MachineForm {
  name: string
  /** A name of `ENGINES`, or `FIND_OUT`. */
  engine: string
  /** Of the image server, where the engine takes one. What in it is secret goes the way of `serverKey`. */
  url: string
  /** What callers ask for, and the server calls it as well, where the engine has none of its own. */
  model: string
  /** What the image server itself asks for, empty where it asks for nothing. It goes nowhere but into the agent's file, by way of whoever pastes it. */
  serverKey: string
  /** Which of its servers it is, where the engine drives several kinds; empty: it finds out. */
  profile: string
  /** Whether it changes images too, and how it reads masks then, where that is an option of the engine. */
  edits: 'none' | 'white-edit' | 'openai-alpha'
  /** Whom it serves beside its owner. */
  access: 'members' | 'private' | 'listed'
  /** Addresses of those, for `listed`, parted by commas or spaces. */
  listed: string
  /** Images that others may have within an hour, as typed; empty: as many as they like. */
  imagesPerHour: string
  imagesPerUserHour: string
}

/** In place of an engine: the agent itself looks which image servers are there, and which models they have. */
export const FIND_OUT = 'find-out'

const [FIRST_ENGINE] = ENGINES

export const EMPTY_MACHINE: MachineForm = {
  name: '',
  engine: FIND_OUT,
  url: FIRST_ENGINE?.usualUrls[0] ?? '',
  model: '',
  serverKey: '',
  profile: '',
  edits: 'none',
  access: 'members',
  listed: '',
  imagesPerHour: '',
  imagesPerUserHour: ''
}

type OptionChoice = NonNullable<(typeof ENGINES)[number]['options'][number]['choices']>[number]

/** What the form asks about a machine with this engine. */
export interface EngineQuestions {
  url: boolean
  model: boolean
  serverKey: boolean
  /** Empty where it drives one kind of servers. */
  profiles: readonly OptionChoice[]
  edits: boolean
}

const NO_QUESTIONS: EngineQuestions = { url: false, model: false, serverKey: false, profiles: [], edits: false }

/** What a server of a kind that was chosen can needs no asking. */
export function questionsOf({ engine, profile }: Pick<MachineForm, 'engine' | 'profile'>): EngineQuestions {
  if (engine === FIND_OUT) return NO_QUESTIONS
  const { takes = [], options = [], ownModel } = ENGINES.find((one) => one.name === engine) ?? {}
  const profiles = options.find((option) => option.name === 'profile')?.choices ?? []
  return {
    url: takes.includes('url'),
    model: ownModel === undefined,
    serverKey: takes.includes('api_key'),
    profiles,
    edits: options.some((option) => option.name === 'mask') && !featuresOf(profiles, profile)
  }
}

const featuresOf = (profiles: readonly OptionChoice[], profile: string) =>
  profiles.find(({ value }) => value === profile)?.features

/** Another engine, whose servers listen elsewhere: an address that nobody has changed follows it. */
export function withEngine({ url }: MachineForm, engine: string): Pick<MachineForm, 'engine' | 'url' | 'profile'> {
  const usual = ENGINES.find(({ name }) => name === engine)?.usualUrls[0]
  const isUntouched = url === '' || ENGINES.some(({ usualUrls }) => usualUrls[0] === url)
  return { engine, url: (isUntouched ? usual : undefined) ?? url, profile: '' }
}

/** In characters, as the agent reads its file: one who pastes the command would be told there, where it is late. */
const MOST_CHARACTERS = { name: 100, url: 1000, model: 200, serverKey: 1000 } as const
const MOST_ADDRESSES = 1000
const MOST_ADDRESS_CHARACTERS = 320

export type MachineErrors = Partial<Record<keyof MachineForm, string>>

/** What is wrong with the entries; empty when nothing is. */
export function checkMachine(machine: MachineForm): MachineErrors {
  const { name, url, model, serverKey } = machine
  const errors = checkSharing(machine)
  const asked = questionsOf(machine)
  const isAsked = { ...asked, name: true }
  if (name.trim() === '') errors.name = 'Give the machine a name.'
  if (asked.url && (!/^https?:\/\//i.test(url.trim()) || !URL.canParse(url.trim()))) {
    errors.url = 'An address that begins with http:// or https://.'
  }
  if (asked.model && model.trim() === '') errors.model = 'Say what callers ask for.'
  if (asked.url && asked.serverKey && serverKey.trim() !== '' && hasSignIn(url)) {
    errors.serverKey = 'Leave it empty: the user name in the address is sent in its place.'
  }
  // It is sent in a header.
  if (asked.serverKey && !/^[\x21-\x7e]*$/.test(serverKey.trim())) {
    errors.serverKey = 'A key has neither spaces nor letters beyond ASCII.'
  }
  for (const field of ['name', 'url', 'model', 'serverKey'] as const) {
    const most = MOST_CHARACTERS[field]
    if (isAsked[field] && machine[field].trim().length > most)
      errors[field] = `At most ${formatNumber(most)} characters.`
  }
  return errors
}

function checkSharing({ access, listed, ...limits }: MachineForm): MachineErrors {
  const errors: MachineErrors = {}
  const addresses = addressesIn(listed)
  if (
    access === 'listed' &&
    (addresses.length === 0 || addresses.some((address) => !/^[^@\s]+@[^@\s]+$/.test(address)))
  ) {
    errors.listed = 'E-mail addresses, parted by commas.'
  } else if (access === 'listed' && addresses.length > MOST_ADDRESSES) {
    errors.listed = `At most ${formatNumber(MOST_ADDRESSES)} addresses.`
  } else if (access === 'listed' && addresses.some(({ length }) => length > MOST_ADDRESS_CHARACTERS)) {
    errors.listed = `An address has at most ${MOST_ADDRESS_CHARACTERS} characters.`
  }
  for (const field of ['imagesPerHour', 'imagesPerUserHour'] as const) {
    const read = readCap(limits[field])
    if ('error' in read) errors[field] = read.error
  }
  return errors
}

export const addressesIn = (text: string): string[] => [...new Set(text.split(/[\s,;]+/).filter((part) => part !== ''))]

/** What others may have of the service; nothing where the agent's own default says the same. */
function sharing({ access, listed, imagesPerHour, imagesPerUserHour }: MachineForm): string[] {
  const limit = (key: string, typed: string) => (typed.trim() === '' ? [] : [`    ${key}: ${Number(typed)}`])
  const whom = access === 'listed' ? `[${addressesIn(listed).map(quote).join(', ')}]` : access
  return [
    ...(access === 'members' ? [] : [`    access: ${whom}`]),
    ...(access === 'private' ? [] : limit('images_per_hour', imagesPerHour)),
    ...(access === 'private' ? [] : limit('images_per_user_hour', imagesPerUserHour))
  ]
}

/** Something that lets its reader into the image server, and is a value of the service in the agent's file. */
export interface ServerSecret {
  key: 'url' | 'api_key'
  /** What the command asks for, as it goes on after "the". */
  what: string
  value: string
}

/** What the command asks for of the image server; nothing of what was typed for an engine that does not take it. */
export function serverSecretsOf(machine: MachineForm): ServerSecret[] {
  const asked = questionsOf(machine)
  const url = asked.url ? machine.url.trim() : ''
  const serverKey = asked.serverKey ? machine.serverKey.trim() : ''
  return [
    ...(findUrlSecret(url) === undefined
      ? []
      : [{ key: 'url', what: 'address of the image server', value: url } as const]),
    ...(serverKey === '' ? [] : [{ key: 'api_key', what: 'key of the image server', value: serverKey } as const])
  ]
}

/**
 * One command for a shell, in lines: it asks for the key, gets the program where it is known where that is, writes the key into a
 * file that nobody else can read, and the agent's file, and starts it. No key or password is in it: shells keep a history. It stops at the first part that fails, and may be pasted again where it ends.
 */
export function connectCommand(machine: MachineForm, access: { gateway: string; repository: string | null }): string {
  const name = fileName(machine.name)
  const file = `${name}.yaml`
  const secrets = serverSecretsOf(machine)
  const begin = [
    ...agentKeyLines('API key'),
    ...secrets.map(({ key, what }) => `${askForKey(VARIABLES[key], what)} &&`),
    ...cloneLines(access.repository),
    keyFileLine(`${name}.key`)
  ]
  if (machine.engine === FIND_OUT)
    return [...begin, initLine(machine, { file, name, gateway: access.gateway })].join('\n')
  return [
    ...begin,
    keepLine(file),
    // A file with a key in it is its owner's alone.
    secrets.length > 0 ? `(umask 077 && cat > ${file}) <<'EOF' &&` : `cat > ${file} <<'EOF' &&`,
    `gateway: ${quote(access.gateway)}`,
    `api_key_file: ${name}.key`,
    `name: ${quote(machine.name.trim())}`,
    'services:',
    ...serviceLines(machine),
    'EOF',
    ...secrets.map(({ key }) => `${secretLine(key)} >> ${file} &&`),
    `bin/inference-club agent --config ${file}`
  ].join('\n')
}

/** Puts the file of an agent that is there aside, whose owner may have changed it, and says so; what is written then has a mode of its own. */
const keepLine = (file: string): string =>
  `{ [ ! -e ${file} ] || { old=${file}.$(date +%Y%m%d%H%M%S) && mv ${file} "$old" && echo "${file} was there already: it is $old now."; }; } &&`

/** Of the shell, for what it asks. */
const VARIABLES = { url: 'server_url', api_key: 'server_key' } as const

/** Writes what was asked for as the last line of its service, as `quote` would: quoted for YAML, and no variable. */
const secretLine = (key: ServerSecret['key']): string =>
  `printf "    ${key}: '%s'\\n" "$(printf %s "$${VARIABLES[key]}" | sed -e "s/'/''/g" -e 's/[$]{/$&/g')"`

/** The agent takes a key or this. */
const hasSignIn = (url: string): boolean => {
  const { username = '', password = '' } = URL.parse(url.trim()) ?? {}
  return username + password !== ''
}

/** One line that finds the servers, writes the agent's file and starts. */
function initLine(
  machine: MachineForm,
  { file, name, gateway }: { file: string; name: string; gateway: string }
): string {
  const { access, listed, imagesPerHour, imagesPerUserHour } = machine
  const limit = (option: string, typed: string) =>
    access === 'private' || typed.trim() === '' ? [] : [`${option} ${Number(typed)}`]
  const whom = access === 'listed' ? shellQuote(addressesIn(listed).join(',')) : access
  return [
    `bin/inference-club agent --init --config ${file} --gateway ${shellQuote(gateway)} --key-file ${name}.key`,
    `--name ${shellQuote(machine.name.trim())}`,
    ...(access === 'members' ? [] : [`--access ${whom}`]),
    ...limit('--images-per-hour', imagesPerHour),
    ...limit('--images-per-user-hour', imagesPerUserHour)
  ].join(' ')
}

/** One word of any shell of Unix, whatever is in it. */
const shellQuote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

function serviceLines(machine: MachineForm): string[] {
  const { engine, url, model, profile } = machine
  const asked = questionsOf(machine)
  const edits = asked.edits ? machine.edits : 'none'
  const { ownModel, usualFeatures = [] } = ENGINES.find((one) => one.name === engine) ?? {}
  const typed = edits === 'none' ? usualFeatures : [...usualFeatures, 'edit', 'mask']
  const features = featuresOf(asked.profiles, profile) ?? (asked.edits ? typed : undefined)
  const options = [
    ...(asked.profiles.some(({ value }) => value === profile) ? [`profile: ${profile}`] : []),
    ...(edits === 'none' ? [] : [`mask: ${edits}`])
  ]
  return [
    '  - name: local',
    '    type: image',
    `    engine: ${engine}`,
    ...(asked.url && findUrlSecret(url) === undefined ? [`    url: ${quote(url.trim())}`] : []),
    ...sharing(machine),
    '    models:',
    `      - id: ${quote(ownModel ?? model.trim())}`,
    ...(features ? [`        features: [${features.join(', ')}]`] : []),
    ...(options.length === 0 ? [] : ['    options:', ...options.map((option) => `      ${option}`)])
  ]
}

/** Text in YAML; what looks like a variable is none. */
const quote = (text: string): string => JSON.stringify(text).replaceAll('${', () => '$${')

/** Letters that need no quotes in any shell. */
const fileName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 50) || 'agent'
