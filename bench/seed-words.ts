import type { Random } from '../src/engines/demo/random.ts'

const WORDS =
  `a the of with in on under over near old new small large red blue green golden silver misty bright dark quiet
stormy fox cat owl whale horse lighthouse harbour mountain river forest city street bridge tower garden window door
painting photograph sketch watercolour engraving poster portrait landscape still life macro aerial view sunrise sunset
night noon winter summer rain snow fog light shadow detailed cinematic minimal baroque gothic modern film grain lens
wide angle shallow depth field soft focus high contrast pastel neon copper marble glass wood velvet smoke`.split(/\s+/)

/** Each is in one prompt of about so many. */
const RARE: readonly [string, number][] = [
  ['Äpfel', 5_000],
  ['ЛИСИЦА', 5_000],
  ['quetzal', 20_000],
  ['100%', 20_000]
]

/** Twelve to sixty words, about 200 characters on average; every prompt says "image". */
export function writePrompt(random: Random): string {
  const words = Array.from({ length: random.whole(12, 60) }, () => WORDS[random.whole(0, WORDS.length - 1)])
  for (const [word, among] of RARE) if (random.chance(1 / among)) words.push(word)
  return `An image of ${words.join(' ')}`
}
