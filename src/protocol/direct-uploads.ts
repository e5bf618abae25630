import { Type, type Static } from 'typebox'
import { literals, ExactInteger } from './bounded.ts'
import { createReader } from './read-message.ts'

/**
 * How an agent brings an image without its bytes passing the gateway, where `gateway.welcome` says that it may: it announces the
 * image (`POST …/attempts/<id>/upload`), is told a place, PUTs the bytes there with the headers that it was told, and says so
 * (`POST …/attempts/<id>/uploaded`, with the result in its header). Whatever goes wrong on the way, the PUT to the gateway counts as ever.
 */
const UploadAnnouncement = Type.Object({
  bytes: ExactInteger({ min: 1 }),
  /** Of all bytes, lower-case hex. */
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  media_type: literals(['image/png', 'image/jpeg', 'image/webp'])
})
export type UploadAnnouncement = Static<typeof UploadAnnouncement>

const UploadPlace = Type.Object({
  /** Absent: bring it to the gateway. */
  place: Type.Optional(
    Type.Object({
      url: Type.String({ maxLength: 4096 }),
      headers: Type.Object({
        'content-type': Type.String({ maxLength: 100 }),
        'x-amz-checksum-sha256': Type.Optional(Type.String({ maxLength: 100 }))
      })
    })
  )
})
export type UploadPlace = Static<typeof UploadPlace>

const read = createReader({ announcement: UploadAnnouncement, answer: UploadPlace }, { clean: false })

/** Undefined when it is none. */
export const decodeAnnouncement = (body: string): UploadAnnouncement | undefined =>
  read(body, 'announcement').message as UploadAnnouncement | undefined

/** Undefined when there is none, or the answer cannot be understood. */
export const decodeUploadPlace = (answer: string): UploadPlace['place'] =>
  (read(answer, 'answer').message as UploadPlace | undefined)?.place
