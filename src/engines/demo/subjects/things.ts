import { box, ellipse, type Drawing } from './drawing.ts'

export const boat: Drawing = {
  place: 'water',
  scale: 1.05,
  main: '7a3b2a',
  second: 'fdf6e8',
  parts: [
    ['dark', box(47.6, 4, 49.6, 86)],
    ['second', 'M52 8 C72 30 82 56 85 79 L52 79 Z'],
    ['accent', 'M45.5 14 C38 40 26 62 14 79 L45.5 79 Z'],
    ['accent', 'M49.6 3 L60 6.5 L49.6 10 Z'],
    ['main', 'M8 84 L92 84 C88 94 82 100 74 100 L26 100 C18 100 11 93 8 84 Z'],
    ['light', 'M8 84 L92 84 L90.4 87.6 L9.6 87.6 Z']
  ]
}

export const cabin: Drawing = {
  place: 'land',
  scale: 1,
  main: '7b4b33',
  second: '3a2b2f',
  parts: [
    ['shade', box(66, 26, 75, 56)],
    ['main', 'M18 62 L50 34 L82 62 L82 100 L18 100 Z'],
    ['shade', `${box(18, 70, 82, 71.4)} ${box(18, 79, 82, 80.4)} ${box(18, 88, 82, 89.4)}`],
    ['second', 'M6 66 L50 26 L94 66 L88 71 L50 37 L12 71 Z'],
    ['second', box(44, 74, 57, 100)],
    ['light', `${box(25, 72, 38, 86)} ${box(63, 72, 76, 86)} ${ellipse(50, 54, 5)}`],
    ['second', `${box(31, 72, 32, 86)} ${box(25, 78.5, 38, 79.5)} ${box(69, 72, 70, 86)} ${box(63, 78.5, 76, 79.5)}`]
  ]
}

export const lighthouse: Drawing = {
  place: 'land',
  scale: 1.45,
  main: 'f7f2e8',
  second: 'c8372d',
  parts: [
    ['main', 'M41 28 L59 28 L65 100 L35 100 Z'],
    ['second', 'M40 40 L60 40 L61.2 54 L38.8 54 Z M37.7 68 L62.3 68 L63.5 82 L36.5 82 Z'],
    ['shade', 'M53 28 L59 28 L65 100 L57 100 Z'],
    ['dark', `${box(37, 25, 63, 29)} ${box(47, 88, 53, 100)}`],
    ['light', box(43, 13, 57, 25)],
    ['dark', `${box(48, 13, 49, 25)} ${box(51.5, 13, 52.5, 25)}`],
    ['second', 'M40 14 C42 6 46 3 50 1 C54 3 58 6 60 14 Z']
  ]
}

export const balloon: Drawing = {
  place: 'air',
  scale: 1.05,
  main: 'd9433f',
  second: 'fbe7b8',
  parts: [
    ['dark', 'M35 66 L43.6 86 L44.6 86 L37 66 Z M65 66 L56.4 86 L55.4 86 L63 66 Z'],
    ['main', 'M50 2 C78 2 86 26 82 42 C78 56 66 64 62 74 L38 74 C34 64 22 56 18 42 C14 26 22 2 50 2 Z'],
    ['second', 'M50 2 C36 4 30 24 32 42 C34 56 41 66 43 74 L38 74 C34 64 22 56 18 42 C14 26 22 2 50 2 Z'],
    ['accent', 'M50 2 C60 4 62 26 61 42 C60 56 55 66 54 74 L46 74 C45 66 40 56 39 42 C38 26 40 4 50 2 Z'],
    ['shade', 'M50 2 C78 2 86 26 82 42 C78 56 66 64 62 74 L58 74 C62 62 71 52 73 40 C75 22 66 6 50 2 Z'],
    ['dark', 'M43 86 L57 86 L55.4 97 C55 99 45 99 44.6 97 Z']
  ]
}

export const rocket: Drawing = {
  place: 'air',
  scale: 1.1,
  main: 'f1f0ec',
  second: 'd8402f',
  parts: [
    ['accent', 'M42 78 C40 88 46 94 50 104 C54 94 60 88 58 78 Z'],
    ['light', 'M45 78 C44 85 48 90 50 95 C52 90 56 85 55 78 Z'],
    ['second', 'M37 52 C27 58 24 68 26 82 L38 74 Z M63 52 C73 58 76 68 74 82 L62 74 Z'],
    ['main', 'M50 2 C62 14 67 34 65 54 C64 66 62 74 60 80 L40 80 C38 74 36 66 35 54 C33 34 38 14 50 2 Z'],
    ['shade', 'M50 2 C62 14 67 34 65 54 C64 66 62 74 60 80 L52 80 C57 64 59 30 50 2 Z'],
    ['second', 'M50 2 C56 8 60 15 62 23 L38 23 C40 15 44 8 50 2 Z'],
    ['dark', ellipse(50, 39, 8.4)],
    ['light', ellipse(50, 39, 5.8)],
    ['dark', 'M47 62 L53 62 L52 86 L48 86 Z']
  ]
}

export const robot: Drawing = {
  place: 'land',
  scale: 1.05,
  main: '8fa3ad',
  second: '455a66',
  parts: [
    ['second', `${box(48.8, 2, 51.2, 14)} ${ellipse(23, 60, 6)} ${ellipse(77, 60, 6)}`],
    ['accent', ellipse(50, 4, 4)],
    ['main', 'M18 58 L27 58 L25 82 L17 82 Z M73 58 L82 58 L83 82 L75 82 Z'],
    ['second', `${box(34, 84, 45, 96)} ${box(55, 84, 66, 96)}`],
    ['main', 'M30 100 Q31 93 39 93 Q47 93 47 100 Z M53 100 Q53 93 61 93 Q69 93 70 100 Z'],
    ['main', 'M29 52 Q50 46 71 52 L68 88 L32 88 Z'],
    ['shade', 'M56 48.5 Q65 50 71 52 L68 88 L58 88 Z'],
    ['second', box(43, 42, 57, 50)],
    ['main', 'M26 20 Q26 13 34 13 L66 13 Q74 13 74 20 L74 37 Q74 44 66 44 L34 44 Q26 44 26 37 Z'],
    ['dark', 'M31 23 Q31 19 35 19 L65 19 Q69 19 69 23 L69 33 Q69 37 65 37 L35 37 Q31 37 31 33 Z'],
    ['light', `${ellipse(41, 28, 4.6)} ${ellipse(59, 28, 4.6)}`],
    ['accent', `${ellipse(50, 64, 6)}`],
    ['light', ellipse(50, 64, 3.2)],
    ['second', `${ellipse(21, 84, 5)} ${ellipse(79, 84, 5)}`]
  ]
}

export const person: Drawing = {
  place: 'land',
  scale: 0.85,
  main: '2f3a4f',
  second: 'd9a441',
  parts: [
    ['dark', 'M43 74 L42 100 L48 100 L49.5 76 Z M51 76 L53 100 L59 100 L57 74 Z'],
    ['main', 'M37 36 C42 31 58 31 63 36 C67 48 67 66 66 80 C58 84 42 84 34 80 C33 66 33 48 37 36 Z'],
    ['shade', 'M53 32.5 C57 33 61 34 63 36 C67 48 67 66 66 80 C62 82 58 82.6 55 83 C58 66 58 48 53 32.5 Z'],
    ['second', 'M40 42 Q50 39 60 42 L61 62 Q50 66 39 62 Z'],
    ['dark', box(39.6, 50, 60.4, 52)],
    ['accent', 'M40 33 C44 29 56 29 60 33 C60 37 56 39 50 39 C44 39 40 37 40 33 Z'],
    ['dark', ellipse(50, 22, 8.6, 10)],
    ['second', 'M40 21 C40 10 60 10 60 21 C54 18.5 46 18.5 40 21 Z']
  ]
}

export const castle: Drawing = {
  place: 'land',
  scale: 1.35,
  main: 'b9a793',
  second: '5d4a66',
  parts: [
    [
      'shade',
      `${box(40, 34, 60, 100)} M38 34 L38 29 L42 29 L42 31.5 L48 31.5 L48 29 L52 29 L52 31.5 L58 31.5 L58 29 L62 29 L62 34 Z`
    ],
    ['second', 'M42 30 L50 6 L58 30 Z'],
    [
      'main',
      `${box(16, 62, 84, 100)} M16 62 L16 57 L22 57 L22 60 L28 60 L28 57 L34 57 L34 60 L40 60 L40 57 L46 57 L46 60 L54 60 L54 57 L60 57 L60 60 L66 60 L66 57 L72 57 L72 60 L78 60 L78 57 L84 57 L84 62 Z`
    ],
    ['pale', `${box(10, 48, 25, 100)} ${box(75, 48, 90, 100)}`],
    ['shade', `${box(19, 48, 25, 100)} ${box(84, 48, 90, 100)}`],
    ['second', 'M7 48 L17.5 22 L28 48 Z M72 48 L82.5 22 L93 48 Z'],
    ['dark', 'M43 100 L43 84 C43 76 57 76 57 84 L57 100 Z'],
    [
      'light',
      `${box(48, 40, 52, 48)} ${box(15.5, 56, 19, 63)} ${box(81, 56, 84.5, 63)} ${box(32, 70, 35, 76)} ${box(65, 70, 68, 76)}`
    ],
    [
      'accent',
      'M49.6 0 L60 3 L50.4 6.5 L50.4 8 L49.6 8 Z M17.1 16 L25 18.5 L17.9 21 L17.9 24 L17.1 24 Z M82.1 16 L90 18.5 L82.9 21 L82.9 24 L82.1 24 Z'
    ]
  ]
}
