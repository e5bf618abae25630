import { useState } from 'react'
import { drawHills } from './landscape.ts'

const WIDTH = 1000
const HEIGHT = 1200
const DAY_MS = 86_400_000

/** From the haze at the horizon to the ground, by day and by night. */
const HILLS = [
  'fill-[#eab493] dark:fill-[#8a4348]',
  'fill-[#dc9173] dark:fill-[#6c3542]',
  'fill-[#c26c55] dark:fill-[#50293a]',
  'fill-[#9a4a43] dark:fill-[#381e30]',
  'fill-[#6b3138] dark:fill-[#251525]',
  'fill-[#40202b] dark:fill-[#160e18]'
]

/** Hills and a low sun, drawn anew each day: what the place is about, without a file to load. */
export function Artwork() {
  const [seed] = useState(() => Math.floor(Date.now() / DAY_MS))
  const hills = drawHills({ seed, width: WIDTH, height: HEIGHT, chains: HILLS.length })
  return (
    <div aria-hidden className="relative size-full overflow-hidden">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="xMidYMid slice"
        className="absolute inset-0 size-full"
      >
        <Gradients />
        <rect width={WIDTH} height={HEIGHT} fill="url(#sky)" />
        <circle cx={610} cy={575} r={520} fill="url(#glow)" />
        <circle cx={610} cy={575} r={104} className="fill-[#fff6e6] dark:fill-[#ffd9b0]" />
        <g className="fill-[#fff6e6] opacity-45 dark:fill-[#ffb58a] dark:opacity-15">
          <rect x={90} y={462} width={330} height={7} rx={4} />
          <rect x={210} y={490} width={470} height={5} rx={3} />
          <rect x={640} y={524} width={300} height={7} rx={4} />
          <rect x={400} y={626} width={520} height={5} rx={3} />
        </g>
        {hills.map((path, index) => (
          <path key={path} d={path} className={HILLS[index]} />
        ))}
      </svg>
      <p className="absolute bottom-4 left-4 rounded-full bg-black/45 px-3 py-1 text-xs text-white max-lg:hidden">
        hills and a low sun · seed {seed}
      </p>
    </div>
  )
}

const Gradients = () => (
  <defs>
    <linearGradient id="sky" x1="0" y1="0" x2="0" y2="1">
      <stop offset="0" className="[stop-color:#f6dcc3] dark:[stop-color:#17132b]" />
      <stop offset="0.3" className="[stop-color:#f9cfa6] dark:[stop-color:#432445]" />
      <stop offset="0.6" className="[stop-color:#f3a878] dark:[stop-color:#b0553f]" />
    </linearGradient>
    <radialGradient id="glow">
      <stop offset="0.15" stopOpacity="0.85" className="[stop-color:#fff1da] dark:[stop-color:#ff9a5c]" />
      <stop offset="0.45" stopOpacity="0.3" className="[stop-color:#ffd7a8] dark:[stop-color:#e0643f]" />
      <stop offset="1" stopOpacity="0" className="[stop-color:#ffb07a] dark:[stop-color:#b0433f]" />
    </radialGradient>
  </defs>
)
