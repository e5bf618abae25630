import type { Assignment, Claim } from '../../src/requests/claim-tasks.ts'

/** Claims one task, by the claims of `requests` or any others. */
export async function claimOne(
  { claim }: { claim: (claims: readonly Claim[]) => Promise<(Assignment | undefined)[]> },
  one: Claim
): Promise<Assignment | undefined> {
  return (await claim([one]))[0]
}
