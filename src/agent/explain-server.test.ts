import { describe, expect, it } from 'vitest'
import { EngineError } from '../engines/engine.ts'
import { explainServer } from './explain-server.ts'

const URL = 'http://name:hidden@10.0.0.5:8188/?token=hidden'
const TEXT = 'The image server cannot be reached.'

const unreached = (code: string) =>
  explainServer({
    url: URL,
    text: TEXT,
    error: new EngineError('unreachable', TEXT, { cause: new TypeError('fetch failed', { cause: { code } }) })
  })

describe('what whoever runs an image server is told of it', () => {
  it.each([
    ['ECONNREFUSED', 'the image server at http://10.0.0.5:8188 cannot be reached (connection refused). Start it.'],
    ['EHOSTUNREACH', /\(no answer\)\. Is its machine on/],
    ['ENOTFOUND', /\(no DNS server knows the name\)\. Is the service's url right\?$/],
    ['CERT_HAS_EXPIRED', 'the image server at http://10.0.0.5:8188 cannot be reached (CERT_HAS_EXPIRED).']
  ])('%s: where it was asked, why in vain, and what to do', (code, words) => {
    if (typeof words === 'string') expect(unreached(code)).toBe(words)
    else expect(unreached(code)).toMatch(words)
    expect(unreached(code)).not.toContain('hidden')
  })

  it('is of several addresses of a name what became of the first', () => {
    const cause = Object.assign(new AggregateError([{ code: 'ECONNREFUSED' }, { code: 'ENETUNREACH' }]), {})
    expect(explainServer({ url: URL, text: TEXT, error: new EngineError('unreachable', TEXT, { cause }) })).toContain(
      '(connection refused)'
    )
  })

  it.each([
    ['The image server is busy: Loading model', 'the image server at http://10.0.0.5:8188 is busy: Loading model.'],
    ['The image server is busy: Loading model…', 'the image server at http://10.0.0.5:8188 is busy: Loading model…'],
    ['The image server is busy: why?', 'the image server at http://10.0.0.5:8188 is busy: why?']
  ])('ends as a sentence, for others follow: %s', (text, words) => {
    expect(explainServer({ url: URL, text, error: new EngineError('busy', text) })).toBe(words)
    expect(explainServer({ url: URL, text, error: new EngineError('busy', text, { remedy: 'Wait.' }) })).toBe(
      `${words} Wait.`
    )
  })

  it('names the address that the engine asked, and what it advises', () => {
    const error = new EngineError('unreachable', 'x', { asked: 'http://a/wrong/images/generations', remedy: 'Try it.' })
    expect(explainServer({ url: URL, text: 'The image server has nothing there.', error })).toBe(
      'the image server at http://a/wrong/images/generations has nothing there. Try it.'
    )
  })

  it('is what everybody is told where nothing more is known', () => {
    expect(explainServer({ url: undefined, text: TEXT })).toBe(TEXT)
    expect(explainServer({ url: URL, text: 'It broke.\x1b[2J', error: new Error('x') })).not.toContain('\x1b')
  })
})
