import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readSourceFiles, type SourceFile, type SourceImport } from './support/source-files.ts'
import { findTransactions } from './support/source-transactions.ts'

const BASE = ['lib', 'config', 'images', 'protocol']
const DRIVERS = ['db', 'storage']
const DOMAIN = [
  'auth',
  'people',
  'usage',
  'assets',
  'provenance',
  'providers',
  'requests',
  'request-views',
  'network',
  'batches',
  'webhooks',
  'settings'
]

/**
 * Who may import whom, in the order of the levels: the table of ARCHITECTURE.md. A folder may always import itself.
 * `types:db` allows what is erased at run time and nothing else.
 */
const MAY_IMPORT: Record<string, readonly string[]> = {
  lib: [],
  images: ['lib'],
  protocol: ['lib', 'images'],
  // The features a model may declare are a list that only `images` has.
  config: ['lib', 'images'],
  db: BASE,
  storage: BASE,
  engines: ['lib', 'images'],
  auth: [...BASE, ...DRIVERS],
  people: [...BASE, ...DRIVERS, 'auth'],
  usage: [...BASE, ...DRIVERS],
  assets: [...BASE, ...DRIVERS],
  provenance: [...BASE, ...DRIVERS, 'assets'],
  providers: [...BASE, ...DRIVERS],
  requests: [...BASE, ...DRIVERS, 'people', 'usage', 'assets', 'providers'],
  'request-views': [...BASE, ...DRIVERS, 'usage', 'assets', 'providers', 'requests'],
  batches: [...BASE, ...DRIVERS, 'usage', 'requests'],
  network: [...BASE, ...DRIVERS, 'usage', 'providers', 'requests'],
  webhooks: [...BASE, ...DRIVERS, 'usage', 'requests'],
  settings: [...BASE, ...DRIVERS],
  dispatch: ['lib', 'images', 'types:db', 'providers', 'requests'],
  'agent-gateway': [
    ...BASE,
    'types:db',
    'auth',
    'assets',
    'types:provenance',
    'providers',
    'requests',
    'types:request-views',
    'types:usage',
    'types:dispatch'
  ],
  http: ['lib', 'images', 'types:config', ...DOMAIN],
  app: [...BASE, ...DRIVERS, ...DOMAIN, 'dispatch', 'agent-gateway', 'http'],
  agent: [...BASE, 'engines'],
  cli: [...BASE, 'engines', 'db', 'auth', 'people', 'usage', 'settings', 'network', 'agent', 'app'],
  'main.ts': ['cli'],
  'start.ts': ['lib', 'main.ts']
}

/** Packages that only these folders may import, types included. */
const PACKAGE_OWNERS: Record<string, readonly string[]> = {
  fastify: ['http', 'agent-gateway'],
  '@fastify/': ['http'],
  ws: ['agent', 'agent-gateway', 'engines'],
  commander: ['cli'],
  undici: ['engines', 'webhooks'],
  marked: ['http'],
  'node:sqlite': ['db'],
  'better-auth': ['people'],
  sharp: ['images'],
  '@aws-sdk/': ['storage']
}

/** Transactions that take no lock, and why they need none. */
const WITHOUT_LOCK: Record<string, string> = {
  'auth/api-key-store.ts touchKeys': 'writes times and looks at nothing',
  'people/account-store.ts eraseSignIns': 'removes what is there of somebody who is gone, whatever it is',
  'people/person-adapter-store.ts createPersonAdapter':
    'writes new rows; an address and an invitation are taken by one guarded statement each',
  'people/person-store.ts claim': 'the link is taken by one guarded statement, the address by its unique index',
  'people/person-store.ts join': 'the address and the link are taken by one guarded statement each',
  'providers/block-store.ts insertBlock': 'looks whether there is somebody, and rows of people are never deleted',
  'requests/adopt-image.ts adoptImage': 'writes new rows and looks at nothing',
  'requests/give-grace.ts giveGrace':
    'begins a gateway; what it looks at are times that only tell who may be back soon',
  'requests/follow-clock.ts followClock':
    'each statement moves what it finds; a database that others use has its own clock',
  'requests/note-progress.ts noteProgress': 'writes hints and looks at nothing',
  'requests/prompt-index-store.ts indexSome': "the index is SQLite's, where nobody else writes meanwhile",
  'requests/prompt-index-store.ts mergeSome': 'looks at what it has itself changed',
  'usage/provider-usage-store.ts readProviderWork': 'reads only',
  'usage/roll-up-store.ts rollUp': 'one guarded statement takes the images that are added up',
  'usage/usage-totals-store.ts sumUsage': 'reads only'
}

const ROUTE_INDEX = /^http\/(v1\/[a-z-]+|dashboard(\/[a-z-]+)?)\/index\.ts$/
const REGISTRIES = ['db/migrations/index.ts', 'engines/demo/scenes/index.ts']
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*\.tsx?$/
const KEBAB_CASE_FOLDER = /^[a-z0-9]+(-[a-z0-9]+)*$/
const VAGUE = /^(utils?|helpers?|common|shared|misc|managers?|processors?)$/
const MOST_LINES = 400

const files = readSourceFiles()

/** One line per offence, so that a failure names the files. */
const offences = (judge: (file: SourceFile) => readonly string[]): string[] =>
  files.flatMap((file) => judge(file).map((what) => `${file.path} ${what}`))

const folderOf = (one: SourceImport): string => one.target.split('/')[0] ?? ''

describe('imports', () => {
  it('reads the sources', () => {
    const main = files.find((file) => file.path === 'main.ts')
    expect(main?.imports).toEqual([{ target: 'cli/run-cli.ts', isOwn: true, typesOnly: false }])
    expect(files.length).toBeGreaterThan(100)
  })

  it('has a row in the table for every folder', () => {
    const folders = [...new Set(files.map((file) => file.folder))]
    expect(folders.filter((folder) => !(folder in MAY_IMPORT))).toEqual([])
  })

  it('go down the levels only', () => {
    const wrong = offences((file) =>
      file.imports
        .filter((one) => one.isOwn && folderOf(one) !== file.folder && one.target !== '../package.json')
        .filter((one) => {
          const allowed = MAY_IMPORT[file.folder] ?? []
          return !allowed.includes(folderOf(one)) && !(one.typesOnly && allowed.includes(`types:${folderOf(one)}`))
        })
        .map((one) => `imports ${one.target}`)
    )
    expect(wrong).toEqual([])
  })

  it('reach kysely from stores and db only', () => {
    const wrong = offences((file) =>
      file.folder === 'db' || file.path.endsWith('-store.ts')
        ? []
        : file.imports.filter((one) => /^kysely\b/.test(one.target)).map(() => 'imports kysely')
    )
    expect(wrong).toEqual([])
  })

  it('reach each of these packages from its owners only', () => {
    const wrong = offences((file) =>
      file.imports.flatMap((one) =>
        Object.entries(PACKAGE_OWNERS)
          .filter(([name]) => one.target === name || one.target.startsWith(name.endsWith('/') ? name : `${name}/`))
          .filter(([, owners]) => !owners.includes(file.folder))
          .map(() => `imports ${one.target}`)
      )
    )
    expect(wrong).toEqual([])
  })

  it('reach the decoder of images in one place, so that all take the same files in the same way', () => {
    const wrong = offences((file) =>
      file.path === 'images/decode-image.ts'
        ? []
        : file.imports.filter((one) => one.target === 'sharp' && !one.typesOnly).map(() => 'imports sharp')
    )
    expect(wrong).toEqual([])
  })

  it('reach what runs of Node’s HTTP in one place, so that it brings no undici along', () => {
    const wrong = offences((file) =>
      file.imports.filter((one) => /^(node:)?http$/.test(one.target) && !one.typesOnly).map(() => 'imports node:http')
    )
    expect(wrong).toEqual([])
  })

  it('form no cycle, not even of types', () => {
    expect(findCycle(new Map(files.map((file) => [file.path, ownTargets(file)])))).toEqual([])
  })
})

/** What runs in browsers as well. */
const SHARED_WITH_PAGES = [
  '../../src/engines/engine-descriptions.ts',
  '../../src/images/fields.ts',
  '../../src/lib/ask-for-key.ts',
  '../../src/lib/report-reasons.ts',
  '../../src/lib/url-secrets.ts',
  '../../src/lib/wait-reasons.ts'
]

describe('the dashboard', () => {
  const pages = readSourceFiles('web/src')

  it('takes types of the contract, the descriptions of engines, the table of fields, the reasons of reports and waits, and what is secret in an address from the server, and nothing else', () => {
    expect(pages.length).toBeGreaterThan(20)
    const wrong = pages.flatMap((file) =>
      file.imports
        .filter(({ target, isOwn }) => isOwn && target.startsWith('..'))
        .filter(({ target, typesOnly }) => !typesOnly || !target.startsWith('../../src/http/dashboard/contract/'))
        .filter(({ target }) => !SHARED_WITH_PAGES.includes(target))
        .map(({ target }) => `${file.path} imports ${target}`)
    )
    expect(wrong).toEqual([])
  })

  it('gets data alone with those', () => {
    const described = files.filter(({ path }) =>
      /^(engines\/.*-descriptions?|engines\/openai\/profiles|images\/(fields|media-types)|lib\/(ask-for-key|visibility|lifetimes|report-reasons|url-secrets|wait-reasons))\.ts$/.test(
        path
      )
    )
    expect(described.length).toBeGreaterThan(4)
    const wrong = described.flatMap((file) =>
      file.imports
        .filter(({ target, typesOnly }) => !typesOnly && !described.some((one) => one.path === target))
        .map(({ target }) => `${file.path} imports ${target}`)
    )
    expect(wrong).toEqual([])
  })

  it('has features that know nothing of each other, and parts that know nothing of features', () => {
    const wrong = pages.flatMap((file) => {
      const [room = '', feature = ''] = file.path.split('/')
      const mayNot = (target: string) =>
        room === 'features'
          ? target.startsWith('app/') || (target.startsWith('features/') && !target.startsWith(`features/${feature}/`))
          : (room === 'components' && /^(app|features)\//.test(target)) ||
            (room === 'lib' && /^(app|features|components)\//.test(target))
      return file.imports
        .filter(({ target, isOwn }) => isOwn && mayNot(target))
        .map(({ target }) => `${file.path} imports ${target}`)
    })
    expect(wrong).toEqual([])
  })

  it('is as tidy as the rest', () => {
    expect(pages.filter((file) => file.lines > MOST_LINES).map((file) => file.path)).toEqual([])
    expect(pages.filter((file) => !KEBAB_CASE.test(file.path.split('/').pop() ?? '')).map((file) => file.path)).toEqual(
      []
    )
    expect(findCycle(new Map(pages.map((file) => [file.path, ownTargets(file)])))).toEqual([])
  })
})

describe('sources', () => {
  it('read the environment in config only', () => {
    const wrong = offences((file) =>
      file.folder !== 'config' &&
      /\bprocess\s*\??\.\s*env\b|from '(node:)?process'|\benv\b[^=\n]*=\s*process\b/.test(file.text)
        ? ['reads process.env']
        : []
    )
    expect(wrong).toEqual([])
  })

  it('speak of SQL dialects in db only', () => {
    expect(offences((file) => (file.folder !== 'db' && /dialect/i.test(file.text) ? ['says dialect'] : []))).toEqual([])
  })

  it('tell commands as they can be pasted, for none of them is on a path', () => {
    const commands = readdirSync('src/cli').map((name) => name.replace(/\.ts$/, ''))
    const bare = new RegExp(`(?<!bin/)\\binference-club (?:${commands.join('|')})(?![\\w-])`)
    const wrong = [...files, ...readSourceFiles('web/src')]
      .filter(({ text }) => bare.test(text))
      .map(({ path }) => path)
    expect(wrong).toEqual([])
  })

  it('are no barrels', () => {
    const wrong = offences((file) => [
      ...file.exportsEverythingOf.map((from) => `exports everything of ${from}`),
      ...(file.hasOwnCode ? [] : ['only passes on what others export']),
      ...(/(^|\/)index\.ts$/.test(file.path) && !ROUTE_INDEX.test(file.path) && !REGISTRIES.includes(file.path)
        ? ['is neither a route index nor a registry']
        : [])
    ])
    expect(wrong).toEqual([])
  })

  it('are named in kebab-case, and say what they are', () => {
    const wrong = offences((file) => {
      const parts = file.path.split('/')
      const name = parts.pop() ?? ''
      const bare = name.replace(/\.tsx?$/, '')
      return [
        ...(KEBAB_CASE.test(name) && parts.every((part) => KEBAB_CASE_FOLDER.test(part)) ? [] : ['is not kebab-case']),
        ...([...parts, bare].some((part) => VAGUE.test(part)) ? ['has a name that says nothing'] : [])
      ]
    })
    expect(wrong).toEqual([])
  })

  it(`have at most ${MOST_LINES} lines`, () => {
    expect(offences((file) => (file.lines > MOST_LINES ? [`has ${file.lines} lines`] : []))).toEqual([])
  })
})

it('tests open databases in one way', () => {
  // The way itself, and what tests the opening.
  const own = ['support/open-test-database.ts', 'support/count-in-database.ts', 'db/sqlite-database.test.ts']
  const sources = new Set(files.map(({ path }) => path))
  const tests = ['src', 'tests']
    .flatMap((folder) => readSourceFiles(folder, { withTests: true }))
    .filter(({ path }) => !sources.has(path) && !own.includes(path))
  const opening = /\b(db\/)?sqlite-database\.ts$|\bapp\/open-database\.ts$/
  const wrong = tests.filter(({ imports }) => imports.some(({ target }) => opening.test(target)))
  expect(wrong.map(({ path }) => path)).toEqual([])
})

describe('transactions', () => {
  const transactions = findTransactions()

  it('begin with a lock or are known to need none', () => {
    expect(transactions.length).toBeGreaterThan(30)
    const without = transactions.filter(({ beginsWithLock }) => !beginsWithLock).map(({ name }) => name)
    expect(without.sort()).toEqual(Object.keys(WITHOUT_LOCK).sort())
  })

  it('can be told apart by their names', () => {
    const names = transactions.map(({ name }) => name)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })
})

const ownTargets = (file: SourceFile): string[] => file.imports.filter((one) => one.isOwn).map((one) => one.target)

/** The files of one cycle, the first again at its end; empty when there is none. */
function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>()
  const visit = (path: string, above: readonly string[]): string[] => {
    if (above.includes(path)) return [...above.slice(above.indexOf(path)), path]
    if (done.has(path)) return []
    for (const target of graph.get(path) ?? []) {
      const cycle = visit(target, [...above, path])
      if (cycle.length > 0) return cycle
    }
    done.add(path)
    return []
  }
  for (const path of graph.keys()) {
    const cycle = visit(path, [])
    if (cycle.length > 0) return cycle
  }
  return []
}
