const DURATION_UNITS_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const BYTE_UNITS = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, KB: 1e3, MB: 1e6, GB: 1e9 } as const

/** `240s`, `5m`, `1.5h`, `30d`, `500ms` → milliseconds; undefined when the text is not a duration. */
export function parseDurationMs(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(text.trim())
  if (!match) return undefined
  return Math.round(Number(match[1]) * DURATION_UNITS_MS[match[2] as keyof typeof DURATION_UNITS_MS])
}

/** The shortest exact spelling: 240000 → `240s`, 3600000 → `1h`, 0 → `0s`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s'
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    // 280 s reads better than 4.67 m, and 60 s better than 1 m only below two minutes.
    const size = DURATION_UNITS_MS[unit]
    if (ms >= size && ms % size === 0 && (unit !== 'm' || ms >= 300_000)) return `${ms / size}${unit}`
  }
  return `${ms}ms`
}

/** `26214400`, `25MiB`, `25 MB` → bytes; undefined when the text is not a size. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB|KB|MB|GB)?$/i.exec(text.trim())
  if (!match) return undefined
  const unit = Object.entries(BYTE_UNITS).find(([name]) => name.toLowerCase() === (match[2] ?? 'B').toLowerCase())
  return unit && Math.round(Number(match[1]) * unit[1])
}

export function formatBytes(bytes: number): string {
  for (const unit of ['GiB', 'MiB', 'KiB'] as const) {
    if (bytes >= BYTE_UNITS[unit] && bytes % BYTE_UNITS[unit] === 0) return `${bytes / BYTE_UNITS[unit]}${unit}`
  }
  return `${bytes}`
}
