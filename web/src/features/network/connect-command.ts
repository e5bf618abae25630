import { readCount } from '../../components/limits/limits-form.ts'

export type EngineChoice = 'openai' | 'demo'

/** A machine that is to be connected, as it is filled in. */
export interface MachineForm {
  name: string
  engine: EngineChoice
  /** Of the image server; for `openai`. */
  url: string
  /** What callers ask for, and the server calls it as well; for `openai`. */
  model: string
  /** Whether it changes images too, and how it reads masks then; for `openai`. */
  edits: 'none' | 'white-edit' | 'openai-alpha'
  /** Whom it serves beside its owner. */
  access: 'members' | 'private' | 'listed'
  /** Addresses of those, for `listed`, parted by commas or spaces. */
  listed: string
  /** Images that others may have within an hour, as typed; empty: as many as they like. */
  imagesPerHour: string
  imagesPerUserHour: string
}

export const EMPTY_MACHINE: MachineForm = {
  name: '',
  engine: 'openai',
  url: 'http://127.0.0.1:1234',
  model: '',
  edits: 'none',
  access: 'members',
  listed: '',
  imagesPerHour: '',
  imagesPerUserHour: ''
}

export type MachineErrors = Partial<Record<keyof MachineForm, string>>

/** What is wrong with the entries; empty when nothing is. */
export function checkMachine(machine: MachineForm): MachineErrors {
  const { name, engine, url, model } = machine
  const errors = checkSharing(machine)
  if (name.trim() === '') errors.name = 'Give the machine a name.'
  if (engine === 'demo') return errors
  if (!/^https?:\/\//i.test(url.trim()) || !URL.canParse(url.trim())) {
    errors.url = 'An address that begins with http:// or https://.'
  }
  if (model.trim() === '') errors.model = 'Say what callers ask for.'
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
  }
  for (const field of ['imagesPerHour', 'imagesPerUserHour'] as const) {
    const read = readCount(limits[field], 1)
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

/** Lines for a shell: they write the key into a file that nobody else can read, and the agent's file, and start it. */
export function connectCommand(machine: MachineForm, access: { gateway: string; secret: string }): string {
  const name = fileName(machine.name)
  const file = `${name}.yaml`
  return [
    `(umask 077 && echo ${access.secret} > ${name}.key)`,
    `cat > ${file} <<'EOF'`,
    `gateway: ${quote(access.gateway)}`,
    `api_key_file: ${name}.key`,
    `name: ${quote(machine.name.trim())}`,
    'services:',
    ...(machine.engine === 'demo' ? demoService(machine) : openaiService(machine)),
    'EOF',
    `bin/inference-club agent --config ${file}`
  ].join('\n')
}

const demoService = (machine: MachineForm): string[] => [
  '  - name: painter',
  '    type: image',
  '    engine: demo',
  ...sharing(machine),
  '    models:',
  '      - id: demo'
]

function openaiService(machine: MachineForm): string[] {
  const { url, model, edits } = machine
  const features = edits === 'none' ? 'generate, seed' : 'generate, edit, mask, seed'
  return [
    '  - name: local',
    '    type: image',
    '    engine: openai',
    `    url: ${quote(url.trim())}`,
    ...sharing(machine),
    '    models:',
    `      - id: ${quote(model.trim())}`,
    `        features: [${features}]`,
    ...(edits === 'none' ? [] : ['    options:', `      mask: ${edits}`])
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
