import { closedLoop } from '../load/closed-loop.ts'
import { speedOf } from '../load/latencies.ts'
import { type Comparison, compareTargets } from './compare-targets.ts'
import type { Part } from './part.ts'

const SIZES = [
  { picture: 'small', size: '2 kB' },
  { picture: 'large', size: '1.5 MB' }
] as const
const CONNECTIONS = [1, 16]

export const closed: Part = {
  name: 'closed',
  about: 'images one after the other, over 1 and 16 connections, of 2 kB and 1.5 MB',
  run: (context) => {
    const { seconds } = context.options
    const comparisons = SIZES.flatMap(({ picture, size }) =>
      CONNECTIONS.map((connections): Comparison => ({
        what: `Closed loop, ${size}, ${connections} ${connections === 1 ? 'connection' : 'connections'}`,
        picture,
        connections,
        nextCall: () => ({}),
        load: (call) => closedLoop(() => call(), { callers: connections, seconds }),
        figures: speedOf
      }))
    )
    return compareTargets(context, comparisons)
  }
}
