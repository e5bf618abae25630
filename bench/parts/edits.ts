import { closedLoop } from '../load/closed-loop.ts'
import { noisePicture, pictureOf } from '../pictures.ts'
import { speedOf } from '../load/latencies.ts'
import { compareTargets } from './compare-targets.ts'
import type { Part } from './part.ts'

/** A PNG of about 5 MB. */
const SIDE = 1291
const CONNECTIONS = 4

export const edits: Part = {
  name: 'edits',
  about: `edits of a PNG of 5 MB that nobody has sent before, over ${CONNECTIONS} connections`,
  run: async (context) => {
    const { seconds } = context.options
    const photo = await noisePicture('photo', SIDE)
    let sent = 0
    await compareTargets(context, [
      {
        what: `Edits of 5 MB, ${CONNECTIONS} connections`,
        picture: 'small',
        connections: CONNECTIONS,
        nextCall: () => ({ photo: pictureOf(photo, ++sent) }),
        load: (call) => closedLoop(() => call(), { callers: CONNECTIONS, seconds }),
        figures: speedOf
      }
    ])
  }
}
