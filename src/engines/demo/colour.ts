/** sRGB-encoded red, green, blue, each 0 … 1. */
export type Rgb = readonly [number, number, number]

/** Perceptual lightness 0 … 1, chroma 0 … about 0.32, hue in radians: the polar form of OKLab. */
export interface Oklch {
  lightness: number
  chroma: number
  hue: number
}

export const clamp = (value: number, low = 0, high = 1): number => (value < low ? low : value > high ? high : value)

export const mix = (from: number, to: number, share: number): number => from + (to - from) * share

/** 0 below `low`, 1 above `high`, smooth between; `low` may be the greater one. */
export function smoothstep(low: number, high: number, value: number): number {
  const share = clamp((value - low) / (high - low))
  return share * share * (3 - 2 * share)
}

export function hex(text: string): Rgb {
  const value = Number.parseInt(text, 16)
  return [((value >> 16) & 255) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255]
}

const toLinear = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
const toEncoded = (value: number) => (value <= 0.0031308 ? value * 12.92 : 1.055 * value ** (1 / 2.4) - 0.055)

type Lab = readonly [number, number, number]

/** OKLab by Björn Ottosson, https://bottosson.github.io/posts/oklab/ (public domain). */
function toLab(colour: Rgb): Lab {
  const [r, g, b] = [toLinear(colour[0]), toLinear(colour[1]), toLinear(colour[2])]
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s
  ]
}

function fromLab(lab: Lab): Rgb {
  const l = (lab[0] + 0.3963377774 * lab[1] + 0.2158037573 * lab[2]) ** 3
  const m = (lab[0] - 0.1055613458 * lab[1] - 0.0638541728 * lab[2]) ** 3
  const s = (lab[0] - 0.0894841775 * lab[1] - 1.291485548 * lab[2]) ** 3
  return [
    toEncoded(clamp(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s)),
    toEncoded(clamp(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s)),
    toEncoded(clamp(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s))
  ]
}

export function toOklch(colour: Rgb): Oklch {
  const [lightness, a, b] = toLab(colour)
  return { lightness, chroma: Math.hypot(a, b), hue: Math.atan2(b, a) }
}

export const fromOklch = ({ lightness, chroma, hue }: Oklch): Rgb =>
  fromLab([lightness, chroma * Math.cos(hue), chroma * Math.sin(hue)])

/** The colour `share` of the way from one to another, as the eye sees it. */
export function mixColours(from: Rgb, to: Rgb, share: number): Rgb {
  const [a, b] = [toLab(from), toLab(to)]
  return fromLab([mix(a[0], b[0], share), mix(a[1], b[1], share), mix(a[2], b[2], share)])
}

/** Signed way round the colour wheel from one hue to another, −π … π. */
export function hueDistance(from: number, to: number): number {
  const turn = (to - from) % (2 * Math.PI)
  return turn > Math.PI ? turn - 2 * Math.PI : turn < -Math.PI ? turn + 2 * Math.PI : turn
}

export const lighten = (colour: Rgb, amount: number): Rgb => {
  const polar = toOklch(colour)
  return fromOklch({ ...polar, lightness: clamp(polar.lightness + amount) })
}

/** `count` colours (3 floats each) along evenly spaced stops. */
export function gradient(stops: readonly Rgb[], count: number): Float32Array {
  const colours = new Float32Array(count * 3)
  const last = stops.length - 1
  for (let index = 0; index < count; index++) {
    const position = count === 1 ? 0 : (index / (count - 1)) * last
    const left = Math.min(Math.floor(position), Math.max(0, last - 1))
    const from = stops[left] as Rgb
    colours.set(mixColours(from, stops[left + 1] ?? from, position - left), index * 3)
  }
  return colours
}
