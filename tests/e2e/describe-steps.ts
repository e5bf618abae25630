import { beforeEach, describe, onTestFailed } from 'vitest'

/**
 * A suite of which each test stands on what the one before left. After one has failed the rest is skipped, and none is
 * tried a second time: what it did cannot be done again.
 */
export function describeSteps(name: string, body: () => void): void {
  describe(name, { retry: 0 }, () => {
    let isBroken = false
    beforeEach(({ skip }) => {
      skip(isBroken, 'a step before it failed')
      onTestFailed(() => {
        isBroken = true
      })
    })
    body()
  })
}
