import { noisePicture, pictureOf } from '../pictures.ts'
import { callAtOnce } from './call-at-once.ts'
import type { Part } from './part.ts'

const CALLERS = 64
/** The largest PNG below the 25 MiB that an upload may have. */
const SIDE = 2950

export const uploads: Part = {
  name: 'uploads',
  about: `${CALLERS} callers who send 25 MB each at once, to have it edited; once`,
  run: async (context) => {
    const photo = await noisePicture('photo', SIDE)
    let sent = 0
    await callAtOnce(context, {
      what: `${CALLERS} uploads of 25 MB at once`,
      callers: CALLERS,
      nextCall: () => ({ photo: pictureOf(photo, ++sent) })
    })
  }
}
