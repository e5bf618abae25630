/** What a key may look like; anything else (`..`, absolute, empty parts) never reaches a file system or a bucket. */
const KEY = /^[a-z0-9_-][a-z0-9_.-]*(\/[a-z0-9_-][a-z0-9_.-]*)*$/

export const isObjectKey = (text: string): boolean => KEY.test(text)

/** Throws when it is none. */
export function requireObjectKey(key: string): void {
  if (!isObjectKey(key)) throw new Error(`not an object key: ${JSON.stringify(key)}`)
}
