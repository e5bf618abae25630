import { parseArgs } from 'node:util'
import { Unchecked } from './acceptance-case.ts'
import { ALL_CASES, mostImages } from './all-cases.ts'
import { NOT_FROM_OUTSIDE } from './cases/errors.ts'
import { Club, type ClubOptions } from './club.ts'

const USAGE = `Checks over HTTP that a club keeps what its API promises, and deletes what it had made for that.

  npm run acceptance -- <url> [options]        e.g. http://127.0.0.1:8080/v1

  --key <key>            whose calls they are; else INFERENCE_CLUB_API_KEY. With the scope usage, usage is checked, too
  --model <id>           what to ask of pictures; else the listed model that can do the most
  --size <WxH>           of generated pictures; else 512x512
  --only <word>          cases whose heading or name has it
  --slow-model <id>      takes long enough to be caught running; else --model with 100 steps
  --failing-model <id>   one whose image server always fails
  --refusing-model <id>  one whose image server refuses every prompt for its content
  --other-key <key>      of somebody else, who is no admin
  --admin-key <key>      with the scope admin
  --agent-key <key>      without the scope generate
  --limited-key <key>    with one image a day and at most twenty calls a minute

It ends with 0 when everything checked holds, 1 when something does not, 2 when nothing could be checked.
`

interface Run {
  options: ClubOptions
  only: string
}

function readArguments(): Run | undefined {
  const text = { type: 'string' } as const
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      ...{ help: { type: 'boolean' }, key: text, model: text, size: text, only: text, 'slow-model': text },
      ...{
        'failing-model': text,
        'refusing-model': text,
        'other-key': text,
        'admin-key': text,
        'agent-key': text,
        'limited-key': text
      }
    } as const
  })
  const [baseUrl] = positionals
  const key = values.key ?? process.env.INFERENCE_CLUB_API_KEY
  if (values.help || baseUrl === undefined || !URL.canParse(baseUrl) || key === undefined) return undefined
  const options = {
    baseUrl,
    key,
    model: values.model,
    size: values.size,
    slowModel: values['slow-model'],
    failingModel: values['failing-model'],
    refusingModel: values['refusing-model'],
    otherKey: values['other-key'],
    adminKey: values['admin-key'],
    agentKey: values['agent-key'],
    limitedKey: values['limited-key'],
    onWait: (ms: number) =>
      console.log(`        waiting ${Math.ceil(ms / 1000)} s: the key may make no more calls for now`)
  }
  return { options, only: values.only?.toLowerCase() ?? '' }
}

/** Undefined when a club is there that lets the key in; else what is wrong. */
async function problemWith(club: Club): Promise<string | undefined> {
  try {
    const { status, text } = await club.call('/v1/models')
    return status === 200 ? undefined : `GET ${club.root}/v1/models answered ${status}: ${text.slice(0, 300)}`
  } catch (error) {
    return `${club.root} cannot be reached: ${messageOf(error)}`
  }
}

const messageOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
const indented = (text: string): string => text.split(/\n+/).slice(0, 12).join('\n        ').trimEnd()

interface Tally {
  held: number
  broken: number
  unchecked: number
}

async function check(club: Club, only: string, isStopped: () => boolean): Promise<Tally> {
  const tally = { held: 0, broken: 0, unchecked: 0 }
  for (const [heading, cases] of Object.entries(ALL_CASES)) {
    for (const { name, rule, run } of cases) {
      if (isStopped()) return tally
      const title = `${heading}: ${name}`
      if (!title.toLowerCase().includes(only)) continue
      try {
        await run(club)
        tally.held += 1
        console.log(`ok      ${title}`)
      } catch (error) {
        if (error instanceof Unchecked) {
          tally.unchecked += 1
          console.log(`-       ${title}\n        not checked: ${error.message}`)
        } else {
          tally.broken += 1
          console.log(`BROKEN  ${title}\n        rule: ${rule}\n        ${indented(messageOf(error))}`)
        }
      }
    }
  }
  return tally
}

async function main(): Promise<number> {
  const run = readArguments()
  if (!run) {
    console.log(USAGE)
    return 2
  }
  const club = new Club(run.options)
  const problem = await problemWith(club)
  if (problem !== undefined) {
    console.error(problem)
    return 2
  }
  // Once: what was made is deleted. Twice: the usual end.
  let stopped = false
  process.once('SIGINT', () => (stopped = true))
  console.log(`${club.root}: at most ${mostImages} images are made, and deleted again.\n`)
  const { held, broken, unchecked } = await check(club, run.only, () => stopped)
  const { images, deleted, left } = await club.cleanUp()
  console.log(`\nCannot be provoked from outside:`)
  for (const { code, why } of NOT_FROM_OUTSIDE) console.log(`-       ${code}: ${why}`)
  console.log(`\n${held} hold, ${broken} are broken, ${unchecked} could not be checked.`)
  console.log(`${images} images were there to delete; ${deleted} requests were deleted.`)
  if (left.length > 0) console.log(`Not deleted: ${left.join(', ')}`)
  if (stopped || held + broken === 0) return 2
  return broken > 0 ? 1 : 0
}

process.exitCode = await main()
