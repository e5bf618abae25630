import { describe, expect, it } from 'vitest'
import { judgeCosts, leastOf } from './judge-costs.ts'

const costs = (calls: number, cpu: number) => ({ calls: { gateway: calls }, cpu: { gateway: cpu } })
const verdicts = (calls: number, cpu: number) =>
  judgeCosts(costs(calls, cpu), costs(1000, 1)).map(({ verdict }) => verdict)

describe('what an image costs', () => {
  it.each([
    [1000, 1, 'as expected', 'as expected'],
    [1100, 1.5, 'as expected', 'as expected'],
    [1101, 1.5, 'too much', 'as expected'],
    [1100, 1.51, 'as expected', 'too much'],
    [900, 0.6, 'less: write it anew', 'less: write it anew'],
    [910, 0.67, 'as expected', 'as expected']
  ])('of %d calls for 1000 and %d CPU for 1 is %s and %s', (calls, cpu, ofCalls, ofCpu) => {
    expect(verdicts(calls, cpu)).toEqual([ofCalls, ofCpu])
  })

  it('is compared whole', () => {
    expect(() => judgeCosts({ calls: {}, cpu: { gateway: 1 } }, costs(1, 1))).toThrow("'gateway'")
    expect(() => judgeCosts(costs(1, 1), { calls: { gateway: 1 }, cpu: {} })).toThrow("'gateway'")
  })

  it('is the least of several tries, each for itself', () => {
    expect(leastOf([costs(5, 2), costs(4, 3)])).toEqual(costs(4, 2))
  })
})
