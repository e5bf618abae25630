import { ImageInspector } from '../images/image-inspector.ts'
import { markSourceType } from '../images/metadata/mark-source-type.ts'
import type { MarkAnswer, MarkOrder } from './mark-messages.ts'
import { serveThread } from './serve-thread.ts'

/** Marks images in a thread of its own: what looks at every byte of large ones would hold up everybody else. */
serveThread<MarkOrder, MarkAnswer>(({ bytes: given, isComposite }) => {
  const image = Buffer.from(given.buffer, given.byteOffset, given.byteLength)
  const inspector = new ImageInspector({ maxPixels: Infinity })
  inspector.write(image)
  const marked = markSourceType(image, inspector.end(), { isComposite, isSignedNext: false })
  return Promise.resolve({ bytes: marked === image ? undefined : marked })
})
