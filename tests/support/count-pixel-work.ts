import { createRequire } from 'node:module'
import type { default as Sharp } from 'sharp'

// As images are decoded: what `import` gives is another module, whose queue hears nothing of that.
const sharp = createRequire(import.meta.url)('sharp') as typeof Sharp

/** How often an image was decoded or encoded meanwhile, by anybody in this process. */
export async function countPixelWork(during: () => Promise<unknown>): Promise<number> {
  let changes = 0
  const count = () => (changes += 1)
  sharp.queue.on('change', count)
  try {
    await during()
  } finally {
    sharp.queue.off('change', count)
  }
  // It tells of each when it begins, and when it has ended.
  return Math.ceil(changes / 2)
}
