import { ellipse, type Drawing } from './drawing.ts'

export const oak: Drawing = {
  place: 'land',
  scale: 1.5,
  main: '4d7a45',
  second: '4a2f23',
  parts: [
    [
      'second',
      'M40 100 C46 92 46 76 45 62 L32 50 L35 47 L46 55 L48 40 L52 40 L53 53 L66 44 L68 48 L54 62 C53 76 54 92 62 100 Z'
    ],
    ['shade', ellipse(30, 44, 22, 17)],
    ['shade', ellipse(70, 42, 23, 17)],
    ['shade', ellipse(50, 46, 20, 13)],
    ['main', ellipse(36, 32, 22, 17)],
    ['main', ellipse(64, 30, 22, 17)],
    ['main', ellipse(50, 20, 21, 16)],
    ['pale', ellipse(40, 24, 14, 9)],
    ['pale', ellipse(60, 18, 12, 8)],
    ['pale', ellipse(70, 34, 10, 6)]
  ]
}

const petals = (count: number, length: number, width: number): string =>
  Array.from({ length: count }, (_, index) => {
    const angle = (index / count) * 2 * Math.PI
    const at = (along: number, aside: number) => {
      const x = 50 + along * Math.sin(angle) + aside * Math.cos(angle)
      const y = 32 - along * Math.cos(angle) + aside * Math.sin(angle)
      return `${x.toFixed(2)} ${y.toFixed(2)}`
    }
    return `M${at(2, 0)} C${at(length * 0.4, -width)} ${at(length * 0.95, -width)} ${at(length, 0)} C${at(length * 0.95, width)} ${at(length * 0.4, width)} ${at(2, 0)} Z`
  }).join(' ')

export const flower: Drawing = {
  place: 'land',
  scale: 1.3,
  main: 'e5486d',
  second: '3f7a4c',
  parts: [
    ['second', 'M49 40 C47 60 53 80 48 102 L52 102 C56 80 50 60 51.4 40 Z'],
    ['second', 'M50 88 C40 86 28 76 24 62 C38 64 48 74 50.6 86 Z M51 80 C58 78 68 70 72 56 C60 60 52 68 50.4 78 Z'],
    ['shade', petals(9, 30, 8)],
    ['main', petals(7, 27, 7.4)],
    ['accent', ellipse(50, 32, 8)],
    ['light', ellipse(48.5, 30.5, 4)]
  ]
}
