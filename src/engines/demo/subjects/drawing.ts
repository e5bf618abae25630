/**
 * Which colour a part takes: the subject's own (`main`), lighter or darker sides of it, its second colour (`second`),
 * or the picture's light, accent and darkest colour.
 */
export type Role = 'main' | 'shade' | 'pale' | 'second' | 'light' | 'accent' | 'dark'

/** A subject drawn as SVG paths in a box of 100 × 100, standing on its lower edge, back part first. */
export interface Drawing {
  /** Where it belongs: standing on land, lying in water, hanging in the air. */
  place: 'land' | 'water' | 'air'
  /** How large beside the others, 1 for an animal in the foreground. */
  scale: number
  main: string
  second: string
  parts: readonly (readonly [Role, string])[]
}

/** An ellipse as path data, from four curves (0.5523 is the usual circle approximation). */
export function ellipse(cx: number, cy: number, rx: number, ry = rx): string {
  const [kx, ky] = [rx * 0.5523, ry * 0.5523]
  return (
    `M${cx - rx} ${cy} C${cx - rx} ${cy - ky} ${cx - kx} ${cy - ry} ${cx} ${cy - ry} ` +
    `C${cx + kx} ${cy - ry} ${cx + rx} ${cy - ky} ${cx + rx} ${cy} ` +
    `C${cx + rx} ${cy + ky} ${cx + kx} ${cy + ry} ${cx} ${cy + ry} ` +
    `C${cx - kx} ${cy + ry} ${cx - rx} ${cy + ky} ${cx - rx} ${cy} Z`
  )
}

export const box = (left: number, top: number, right: number, bottom: number): string =>
  `M${left} ${top} L${right} ${top} L${right} ${bottom} L${left} ${bottom} Z`
