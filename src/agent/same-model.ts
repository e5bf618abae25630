/** Lists spell names with a folder before them or a tag behind, which calls need not have, and the other way round. */
export function isSameModel(listed: string, asked: string): boolean {
  const [one, other] = [listed.toLowerCase(), asked.toLowerCase()]
  const contains = (long: string, short: string) =>
    long === short || long.endsWith(`/${short}`) || long === `${short}:latest`
  return contains(one, other) || contains(other, one)
}
