import { measure } from '../claim.ts'
import type { Part } from './part.ts'

const WAITING = [0, 100_000]
const SERVICES = [1, 1000]

export const dispatch: Part = {
  name: 'dispatch',
  about: 'images handed out a second, with few and many waiting, to one service and to a thousand',
  run: async ({ options, record }) => {
    await measure({ waiting: 0, ahead: {} }) // Not told: code that runs for the first time is slow.
    for (let run = 0; run < options.runs; run++) {
      for (const most of WAITING) {
        for (const services of SERVICES) {
          const waiting = Math.round(most * options.scale)
          const { claims, submits } = await measure({ waiting, ahead: {}, services })
          const figures = {
            'handed out/s': claims.count / (claims.ms / 1000),
            'CPU, ms each': claims.cpuMs / claims.count,
            'taken in/s': submits.count / (submits.ms / 1000)
          }
          const target = `${waiting.toLocaleString('en')} waiting, ${services.toLocaleString('en')} services`
          record({ what: 'Dispatch alone, without agents and pictures', target, figures })
        }
      }
    }
  }
}
