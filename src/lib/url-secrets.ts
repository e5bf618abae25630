const SECRET_NAME = /key|token|secret|auth|cookie|passw|credential|signature|^(?:sig|code)$/i

/** Whether a header, or a part of a query, holds what lets somebody in, by its name. Others (`http-referer`, `api-version`) do not. */
export const isSecretName = (name: string): boolean => SECRET_NAME.test(name)

/**
 * What in an address lets whoever reads it into the server: the password before its host (where there is none, the user name, which
 * is a token then), else a value of its query whose name says so. Undefined when there is neither.
 */
export function findUrlSecret(url: string): 'password' | 'key' | undefined {
  const [, user = '', password = user] = /^[a-z]+:\/\/([^/?#:]*)(?::([^/?#]*))?@/i.exec(url.trim()) ?? []
  if (password !== '') return 'password'
  const query = new URLSearchParams(/\?([^#]*)/.exec(url)?.[1])
  return [...query].some(([name, value]) => value !== '' && isSecretName(name)) ? 'key' : undefined
}

/** An address, or what was meant to be one, without all that may be secret in it. */
export const hideUrlSecrets = (text: string): string =>
  text.replace(/^([a-z]+:\/\/)?.*@/is, '$1…@').replace(/\?.*$/s, '?…')
