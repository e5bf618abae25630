/** What is wrong with a text's references; `message` follows the place. Holds names of variables, never a value. */
export class VariableMistake extends Error {}

const REFERENCE = /\$\$\{|\$\{(?:([A-Za-z_]\w*)(?::-([^}]*))?\})?/g

/**
 * Replaces `${NAME}` by the environment variable and `${NAME:-default}` by the default where the variable is unset or
 * empty; `$${` stands for a literal `${`. What is put in is not expanded again. Throws `VariableMistake` with all of
 * the text's mistakes.
 */
export function expandVariables(text: string, env: NodeJS.ProcessEnv): string {
  const mistakes: string[] = []
  const expanded = text.replace(REFERENCE, (reference, name?: string, fallback?: string) => {
    if (reference === '$${') return '${'
    if (name === undefined) {
      mistakes.push('a ${ must be ${NAME} or ${NAME:-default}; write $${ where ${ itself is meant')
      return ''
    }
    const value = env[name]
    if (fallback !== undefined) return value || fallback
    if (value === undefined) mistakes.push(`the environment variable ${name} is not set`)
    return value ?? ''
  })
  if (mistakes.length > 0) throw new VariableMistake(mistakes.join('; '))
  return expanded
}

/** What of a text stands in the file itself: nothing of the variables that it names, and their defaults. */
export const writtenPart = (text: string): string =>
  text.replace(REFERENCE, (reference, _name?: string, fallback = '') => (reference === '$${' ? '${' : fallback))
