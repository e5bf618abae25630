import { clamp, gradient, mix, smoothstep, type Rgb } from '../colour.ts'
import type { Canvas, Layer } from '../layer.ts'
import { fractal, type Noise } from '../noise.ts'

export interface PlanetOptions {
  canvas: Canvas
  noise: Noise
  x: number
  y: number
  radius: number
  /** Of its bands or lands, and of its air. */
  colours: readonly Rgb[]
  air: Rgb
  /** True: bands like Jupiter's; false: blotches like a rocky one's. */
  banded: boolean
  /** Direction towards the sun, as an angle in the picture. */
  sunAngle: number
  ring: boolean
  /** Makes planets of one picture differ. */
  shift: number
}

/** Half width and half height of the ring in planet radii; the ring leans a little. */
const RING = { inner: 1.35, outer: 2.15, squash: 0.26, lean: -0.32 }

interface Surface {
  /** Writes red, green, blue of a point of the unit disc. */
  at(dx: number, dy: number, into: Float32Array): void
}

function surfaceOf({ noise, colours, air, banded, sunAngle, shift }: PlanetOptions): Surface {
  const shades = gradient(colours, 256)
  const [sunX, sunY] = [Math.cos(sunAngle) * 0.78, Math.sin(sunAngle) * 0.78]
  return {
    at(dx, dy, into) {
      const z = Math.sqrt(Math.max(0, 1 - dx * dx - dy * dy))
      const along = dx * Math.cos(RING.lean) + dy * Math.sin(RING.lean)
      const height = dy * Math.cos(RING.lean) - dx * Math.sin(RING.lean)
      const value = banded
        ? 0.5 + 0.8 * noise(shift, height * 4.2 + 0.16 * fractal(noise, along * 2.2 + shift, height * 7, 3))
        : 0.5 + 0.85 * fractal(noise, (dx / (0.55 + z)) * 2.3 + shift, (dy / (0.55 + z)) * 2.3, 5)
      const shade = Math.round(clamp(value) * 255) * 3
      const facing = dx * sunX + dy * sunY + z * 0.62
      const light = 0.05 + 0.98 * smoothstep(-0.12, 0.95, facing)
      const rim = (1 - z) ** 2.2 * smoothstep(-0.2, 0.7, facing) * 0.75
      for (let channel = 0; channel < 3; channel++) {
        into[channel] = mix((shades[shade + channel] as number) * light, air[channel] as number, rim)
      }
    }
  }
}

/** How much of the ring covers a point given in planet radii, and its own light and dark grooves. */
function ringAt(noise: Noise, dx: number, dy: number, shift: number): { cover: number; tone: number; front: boolean } {
  const along = dx * Math.cos(RING.lean) + dy * Math.sin(RING.lean)
  const aside = (dy * Math.cos(RING.lean) - dx * Math.sin(RING.lean)) / RING.squash
  const distance = Math.sqrt(along * along + aside * aside)
  const cover =
    smoothstep(RING.inner, RING.inner + 0.06, distance) * smoothstep(RING.outer, RING.outer - 0.08, distance)
  if (cover === 0) return { cover, tone: 0, front: false }
  const groove = 0.62 + 0.55 * noise(distance * 9 + shift, shift)
  return { cover: cover * clamp(groove), tone: 0.75 + 0.3 * noise(distance * 17, shift), front: aside > 0 }
}

/** A lit globe with air at its rim and, if wanted, a ring around it. */
export function planet(options: PlanetOptions): Layer {
  const { canvas, noise, x, y, radius, ring, colours, air, shift } = options
  const surface = surfaceOf(options)
  const reach = radius * (ring ? RING.outer * 1.02 : 1.25)
  const left = Math.max(0, Math.floor(x - reach))
  const right = Math.min(canvas.width, Math.ceil(x + reach))
  const point = new Float32Array(3)
  const ringColour = colours[Math.floor(colours.length / 2)] ?? air
  return {
    top: Math.max(0, Math.floor(y - reach)),
    bottom: Math.min(canvas.height, Math.ceil(y + reach)),
    paintRow(row, rowY) {
      const dy = (rowY + 0.5 - y) / radius
      for (let column = left; column < right; column++) {
        const dx = (column + 0.5 - x) / radius
        const distance = Math.sqrt(dx * dx + dy * dy)
        const globe = clamp((1 - distance) * radius + 0.5)
        const band = ring ? ringAt(noise, dx, dy, shift) : undefined
        const halo = distance > 1 ? 0.3 * Math.exp((1 - distance) * 11) : 0
        if (globe > 0) surface.at(dx, dy, point)
        const banded = band === undefined || (globe > 0 && !band.front) ? 0 : band.cover * 0.85
        for (let channel = 0; channel < 3; channel++) {
          const index = column * 3 + channel
          const behind = row[index] as number
          const sky = behind + (1 - behind) * halo * (air[channel] as number)
          const body = sky + ((point[channel] as number) - sky) * globe
          row[index] = body + ((ringColour[channel] as number) * (band?.tone ?? 1) - body) * banded
        }
      }
    }
  }
}
