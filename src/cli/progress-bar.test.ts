import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { openProgressBar } from './progress-bar.ts'

/** A stream that claims to be a terminal, or not, and what was written to it. */
function stream(isTTY: boolean): { out: NodeJS.WriteStream; written: () => string } {
  const out = new PassThrough({ encoding: 'utf8' })
  return {
    out: Object.assign(out, { isTTY, columns: 80 }) as unknown as NodeJS.WriteStream,
    written: () => String(out.read() ?? '')
  }
}

describe('the progress bar', () => {
  it('shows the last percentage in a terminal, and leaves the cursor below it', () => {
    const { out, written } = stream(true)
    const bar = openProgressBar(out)
    expect(written()).toContain(' 0%')
    bar.update(41.7)
    bar.stop()
    const last = written()
    expect(last).toContain(' 41%')
    expect(last).toMatch(/\n$/)
    bar.stop()
    bar.update(50)
    expect(written()).toBe('')
  })

  it('says of an estimate that it is one', () => {
    const { out, written } = stream(true)
    const bar = openProgressBar(out)
    bar.update(41.7, true)
    bar.stop()
    expect(written()).toContain(' about 41%')
  })

  it('has notes above it', () => {
    const { out, written } = stream(true)
    const bar = openProgressBar(out)
    written()
    bar.note('waits')
    bar.update(41)
    bar.stop()
    expect(written()).toMatch(/^\r\x1b\[Kwaits\n[^]* 41%/) // eslint-disable-line no-control-regex
  })

  it('writes notes alone where nobody looks', () => {
    const { out, written } = stream(false)
    const bar = openProgressBar(out)
    bar.update(50)
    bar.note('waits')
    bar.stop()
    expect(written()).toBe('waits\n')
  })
})
