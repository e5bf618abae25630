import type { Random } from './random.ts'

/** Smooth noise over the plane, about −1 … 1, features of size 1. */
export type Noise = (x: number, y: number) => number

// Twelve directions are what Perlin's improved noise uses; sixteen entries make the lookup a mask.
const GRADIENT_X = Float32Array.of(1, -1, 1, -1, 1.2, -1.2, 0, 0, 0.7, -0.7, 0.7, -0.7, 1, -1, 0.4, -0.4)
const GRADIENT_Y = Float32Array.of(1, 1, -1, -1, 0, 0, 1.2, -1.2, 0.9, 0.9, -0.9, -0.9, 0.5, -0.5, 1.1, -1.1)

function shuffledBytes(random: Random): Uint8Array {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
  for (let index = 255; index > 0; index--) {
    const other = random.whole(0, index)
    const kept = bytes[index] as number
    bytes[index] = bytes[other] as number
    bytes[other] = kept
  }
  return bytes
}

/** Gradient noise (Perlin 2002) over a permutation drawn from `random`. */
export function createNoise(random: Random): Noise {
  const bytes = shuffledBytes(random)
  const hashes = new Uint8Array(768)
  for (let index = 0; index < hashes.length; index++) hashes[index] = bytes[index & 255] as number

  return (x, y) => {
    const left = Math.floor(x)
    const top = Math.floor(y)
    const fx = x - left
    const fy = y - top
    const column = left & 255
    const row = top & 255
    const a = (hashes[column] as number) + row
    const b = (hashes[column + 1] as number) + row
    const aa = (hashes[a] as number) & 15
    const ab = (hashes[a + 1] as number) & 15
    const ba = (hashes[b] as number) & 15
    const bb = (hashes[b + 1] as number) & 15
    const u = fx * fx * fx * (fx * (fx * 6 - 15) + 10)
    const v = fy * fy * fy * (fy * (fy * 6 - 15) + 10)
    const n00 = (GRADIENT_X[aa] as number) * fx + (GRADIENT_Y[aa] as number) * fy
    const n10 = (GRADIENT_X[ba] as number) * (fx - 1) + (GRADIENT_Y[ba] as number) * fy
    const n01 = (GRADIENT_X[ab] as number) * fx + (GRADIENT_Y[ab] as number) * (fy - 1)
    const n11 = (GRADIENT_X[bb] as number) * (fx - 1) + (GRADIENT_Y[bb] as number) * (fy - 1)
    const upper = n00 + u * (n10 - n00)
    const lower = n01 + u * (n11 - n01)
    return upper + v * (lower - upper)
  }
}

/** Fractal sum of `octaves` of noise, each twice as fine and half as strong; about −1 … 1. */
export function fractal(noise: Noise, x: number, y: number, octaves: number): number {
  let sum = 0
  let strength = 0.55
  let frequency = 1
  for (let octave = 0; octave < octaves; octave++) {
    sum += strength * noise(x * frequency + octave * 17.3, y * frequency - octave * 9.7)
    strength *= 0.5
    frequency *= 2
  }
  return sum
}

/** Fractal noise folded into sharp crests (Musgrave's ridged multifractal, simplified); 0 … 1. */
export function crests(noise: Noise, x: number, y: number, octaves: number): number {
  let sum = 0
  let strength = 0.5
  let frequency = 1
  let carried = 1
  for (let octave = 0; octave < octaves; octave++) {
    const crest = 1 - Math.abs(noise(x * frequency + octave * 31.7, y * frequency + octave * 5.1))
    const height = crest * crest * carried
    sum += strength * height
    carried = Math.min(1, height * 1.6)
    strength *= 0.5
    frequency *= 2.03
  }
  return sum
}
