const MOST_CHARACTERS = 300

/** Characters that mean nothing to a shell, for the address is pasted into one. */
const PLAIN = /^[\w.~:/@%+-]+$/
/** As ssh has it, without a scheme: `git@git.example.org:club/inference.club.git`. */
const SCP_LIKE = /^[\w.-]+@[\w.-]+:[\w.~/-]+$/

/** What is wrong with the address of a repository, in words that follow its name; nothing for an empty one: there is none. */
export function checkRepository(text: string): string | undefined {
  if (text === '') return undefined
  if (text.length > MOST_CHARACTERS) return `must have at most ${MOST_CHARACTERS} characters`
  if (!PLAIN.test(text)) return 'may have letters, digits and . _ ~ : / @ % + - alone'
  if (!text.startsWith('-') && SCP_LIKE.test(text)) return undefined
  const url = URL.parse(text)
  if (!url || !/^(https?|ssh|git):$/.test(url.protocol) || url.host === '') {
    return 'must be an http, https, ssh or git URL, or such as git@git.example.org:club/inference.club.git'
  }
  if (url.password !== '' || (url.protocol !== 'ssh:' && url.username !== '')) {
    return 'must not have a user name or password: every member reads it'
  }
  return url.pathname.length < 2 ? 'must have the path of the repository' : undefined
}
