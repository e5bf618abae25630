import { closestName } from '../lib/closest-name.ts'
import { ownCommand } from '../lib/own-command.ts'

/** What all variables of this product begin with. */
export const PREFIX = 'INFERENCE_CLUB_'

/** Variables that belong to other commands, or to the agent's own file. */
const OTHER_VARIABLES = ['API_KEY', 'URL', 'IMAGE_SERVER_KEY'].map((name) => PREFIX + name)

/** Variables of later versions: only a blank value asks for nothing that this version lacks. */
const LATER_VARIABLES = ['DATABASE_URL'].map((name) => PREFIX + name)

/** A variable nobody reads is a mistake: most likely a misspelt name, and its owner believes it works. */
export function unknownVariables(env: NodeJS.ProcessEnv, variables: readonly string[]): string[] {
  const known = [...variables, ...OTHER_VARIABLES]
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !known.includes(name))
    .flatMap((name) =>
      LATER_VARIABLES.includes(name) ? laterVariable(name, env[name]) : [unknownVariable(name, known)]
    )
}

const laterVariable = (name: string, text = ''): string[] =>
  text.trim() === '' ? [] : [`${name} is not supported by this version yet`]

function unknownVariable(name: string, known: readonly string[]): string {
  // All begin alike, which must not make them look close.
  const names = known.map((variable) => variable.slice(PREFIX.length))
  const closest = closestName(name.slice(PREFIX.length), names)
  const hint =
    closest === undefined ? `\`${ownCommand} serve --help\` lists them all.` : `did you mean ${PREFIX + closest}?`
  return `${name} is not a variable of this version; ${hint}`
}
