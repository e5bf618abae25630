import { describe, expect, it } from 'vitest'
import { SETTINGS } from './config.ts'
import { renderConfigurationDoc, renderConfigurationHelp, renderConfigurationTable } from './render-configuration.ts'

describe('renderConfigurationDoc', () => {
  it('has every variable once, the limits under their own title', () => {
    const [server = '', limits = ''] = renderConfigurationDoc().split('## Limits')
    for (const { variable } of SETTINGS) {
      const part = variable.includes('_LIMITS_') ? limits : server
      expect(part.split(`| \`${variable}\` |`), variable).toHaveLength(2)
    }
  })
})

describe('renderConfigurationTable', () => {
  it('writes a default as code only where it can be typed', () => {
    const table = renderConfigurationTable()
    expect(table).toContain('| `INFERENCE_CLUB_LIMITS_MAX_BODY_BYTES` | `1MiB` |')
    expect(table).toContain('| `INFERENCE_CLUB_CORS_ORIGINS` | `*` |')
    expect(table).toContain('| `INFERENCE_CLUB_TRUST_PROXY` | none |')
    expect(table).toContain('| `INFERENCE_CLUB_PUBLIC_URL` | derived from each request |')
  })

  it('keeps its columns when a description holds a bar', () => {
    const setting = { variable: 'X', description: 'a | b', defaultText: '1', fallback: 1, parse: Number }
    expect(renderConfigurationTable([setting])).toContain('| `X` | `1` | a \\| b |\n')
  })
})

describe('renderConfigurationHelp', () => {
  const lines = renderConfigurationHelp().split('\n')

  it('is at most 100 characters wide, without blanks at the ends of lines', () => {
    for (const line of lines) {
      expect(line.length).toBeLessThanOrEqual(100)
      expect(line).toBe(line.trimEnd())
    }
  })

  it('names a document by where it lies, and holds nothing of Markdown', () => {
    expect(lines.join(' ').replace(/\s+/g, ' ')).toContain('See docs/provenance.md. (default: none)')
    for (const line of lines) expect(line).not.toMatch(/`|\]\(|\*\*/)
  })

  it('has every variable once, and aligned texts', () => {
    const names = lines.map((line) => /^ {2}(INFERENCE_CLUB_\w+)/.exec(line)?.[1]).filter((name) => name !== undefined)
    expect(names).toEqual(SETTINGS.map(({ variable }) => variable))
    const columns = lines
      .filter((line) => line.startsWith(' '))
      .map((line) => /^ *(?:INFERENCE\w+ +)?/.exec(line)![0].length)
    expect(new Set(columns).size).toBe(1)
  })
})
