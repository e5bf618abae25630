import { mix } from './colour.ts'
import type { Picture } from './picture.ts'
import { hashSeed, mixBits } from './random.ts'

const LONGEST_SIDE = 256
const MOST_PREVIEWS = 6

/** The steps after which a preview is shown: about every fourth, at most six, never the last. */
export function previewSteps(steps: number): number[] {
  const usual = Math.min(4, Math.max(1, Math.floor(steps / 2)))
  const interval = Math.max(usual, Math.ceil(steps / (MOST_PREVIEWS + 1)))
  const count = Math.floor((steps - 1) / interval)
  return Array.from({ length: count }, (_, index) => (index + 1) * interval)
}

/** A small opaque copy: each pixel the mean of what it covers, transparent ground shown white. */
function shrink({ pixels, channels, width, height }: Picture): Picture {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height))
  const small = { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) }
  const shrunk = new Uint8Array(small.width * small.height * 3)
  for (let y = 0; y < small.height; y++) {
    const top = Math.floor((y * height) / small.height)
    const bottom = Math.max(top + 1, Math.floor(((y + 1) * height) / small.height))
    for (let x = 0; x < small.width; x++) {
      const left = Math.floor((x * width) / small.width)
      const right = Math.max(left + 1, Math.floor(((x + 1) * width) / small.width))
      let [r, g, b] = [0, 0, 0]
      for (let row = top; row < bottom; row++) {
        for (let column = left; column < right; column++) {
          const at = (row * width + column) * channels
          const alpha = channels === 4 ? (pixels[at + 3] as number) / 255 : 1
          r += mix(255, pixels[at] as number, alpha)
          g += mix(255, pixels[at + 1] as number, alpha)
          b += mix(255, pixels[at + 2] as number, alpha)
        }
      }
      const covered = (bottom - top) * (right - left)
      shrunk.set([r / covered, g / covered, b / covered], (y * small.width + x) * 3)
    }
  }
  return { ...small, pixels: shrunk, channels: 3 }
}

/** Moving average along rows (`stride` 3) or columns (`stride` 3 × width), in place. */
function blurLines(pixels: Float32Array, { lines, length, lineStride, stride, radius }: BlurOptions): void {
  const line = new Float32Array(length)
  for (let index = 0; index < lines * 3; index++) {
    const start = Math.floor(index / 3) * lineStride + (index % 3)
    const valueAt = (place: number) => pixels[start + Math.min(length - 1, Math.max(0, place)) * stride] as number
    let sum = 0
    for (let place = -radius; place <= radius; place++) sum += valueAt(place)
    for (let place = 0; place < length; place++) {
      line[place] = sum / (2 * radius + 1)
      sum += valueAt(place + radius + 1) - valueAt(place - radius)
    }
    for (let place = 0; place < length; place++) pixels[start + place * stride] = line[place] as number
  }
}

interface BlurOptions {
  lines: number
  length: number
  lineStride: number
  stride: number
  radius: number
}

/** Three bytes of coloured noise for a place, in the lower 24 bits. */
const speckAt = (x: number, y: number, seed: number): number =>
  mixBits(Math.imul(x, 0x1f1f1f) ^ Math.imul(y, 0x3c6ef35) ^ seed)

/** The picture as a diffusion model would show it on its way: `clarity` 0 is noise, 1 the picture. */
function unfinished({ pixels, width, height }: Picture, clarity: number, seed: number): Picture {
  const values = new Float32Array(pixels)
  const radius = Math.round((1 - clarity) * 0.06 * Math.max(width, height))
  if (radius > 0) {
    blurLines(values, { lines: height, length: width, lineStride: width * 3, stride: 3, radius })
    blurLines(values, { lines: width, length: height, lineStride: 3, stride: width * 3, radius })
  }
  const noisiness = 0.85 * (1 - clarity) ** 1.4
  const shown = new Uint8Array(values.length)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      // Fine specks and blotches of eight pixels, the size a latent pixel has in the usual models.
      const fine = speckAt(x, y, seed)
      const blotch = speckAt(x >> 3, y >> 3, ~seed)
      for (let channel = 0; channel < 3; channel++) {
        const at = (y * width + x) * 3 + channel
        const noise = 0.52 * ((fine >>> (channel * 8)) & 255) + 0.43 * ((blotch >>> (channel * 8)) & 255) + 6
        shown[at] = mix(values[at] as number, noise, noisiness)
      }
    }
  }
  return { pixels: shown, channels: 3, width, height }
}

/** `count` small pictures (longest side at most 256, three channels) that go from noise to the finished picture. */
export function previewPictures(picture: Picture, count: number, seed: number): Picture[] {
  if (count === 0) return []
  const small = shrink(picture)
  return Array.from({ length: count }, (_, index) =>
    unfinished(small, (index + 1) / (count + 1), hashSeed(seed, index))
  )
}
