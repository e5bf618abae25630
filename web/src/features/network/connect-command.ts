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
}

export const EMPTY_MACHINE: MachineForm = {
  name: '',
  engine: 'openai',
  url: 'http://127.0.0.1:1234',
  model: '',
  edits: 'none'
}

export type MachineErrors = Partial<Record<keyof MachineForm, string>>

/** What is wrong with the entries; empty when nothing is. */
export function checkMachine({ name, engine, url, model }: MachineForm): MachineErrors {
  const errors: MachineErrors = {}
  if (name.trim() === '') errors.name = 'Give the machine a name.'
  if (engine === 'demo') return errors
  if (!/^https?:\/\//i.test(url.trim()) || !URL.canParse(url.trim())) {
    errors.url = 'An address that begins with http:// or https://.'
  }
  if (model.trim() === '') errors.model = 'Say what callers ask for.'
  return errors
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
    ...(machine.engine === 'demo' ? demoService() : openaiService(machine)),
    'EOF',
    `bin/inference-club agent --config ${file}`
  ].join('\n')
}

const demoService = (): string[] => [
  '  - name: painter',
  '    type: image',
  '    engine: demo',
  '    models:',
  '      - id: demo'
]

function openaiService({ url, model, edits }: MachineForm): string[] {
  const features = edits === 'none' ? 'generate, seed' : 'generate, edit, mask, seed'
  return [
    '  - name: local',
    '    type: image',
    '    engine: openai',
    `    url: ${quote(url.trim())}`,
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
