import { describe, expect, it } from 'vitest'
import { explainAnswer, explainClose, explainError, explainKey } from './explain-connection.ts'

const GATEWAY = 'https://club.example.org/pictures'
const withCode = (code: string, message = 'it failed') => Object.assign(new Error(message), { code })
const ONE_SENTENCE = /^[^\n]{10,300}$/

describe('an error of the connection', () => {
  it.each([
    ['ECONNREFUSED', /Nothing listens at https:\/\/club\.example\.org\/pictures/],
    ['ENOTFOUND', /no machine called club\.example\.org/],
    ['EAI_AGAIN', /cannot be looked up now/],
    ['ENETUNREACH', /has no network/],
    ['ETIMEDOUT', /does not answer/],
    ['EHOSTUNREACH', /does not answer/],
    ['CERT_HAS_EXPIRED', /has expired/],
    ['CERT_NOT_YET_VALID', /not valid yet/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /for another name/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', /NODE_EXTRA_CA_CERTS/],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', /NODE_EXTRA_CA_CERTS/],
    ['EPROTO', /does not speak TLS/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', /does not speak TLS/],
    ['ECONNRESET', /ended the connection instead of answering/]
  ])('%s is a sentence', (code, expected) => {
    const text = explainError(withCode(code), GATEWAY)
    expect(text).toMatch(expected)
    expect(text).toMatch(ONE_SENTENCE)
  })

  it('of a name with several addresses is that of the first', () => {
    const both = new AggregateError([withCode('ECONNREFUSED'), withCode('ENETUNREACH')])
    expect(explainError(both, GATEWAY)).toMatch(/Nothing listens/)
  })

  it('that nobody has thought of is told as it is, and does nothing to the terminal', () => {
    expect(explainError(withCode('EWEIRD', 'a \x1b[2Jweird\nthing'), GATEWAY)).toBe(
      `${GATEWAY} cannot be reached: a weird thing`
    )
    expect(explainError(undefined, GATEWAY)).toMatch(ONE_SENTENCE)
    expect(explainError(withCode('EWEIRD', 'x'.repeat(10_000)), GATEWAY)).toMatch(ONE_SENTENCE)
  })

  it('knows that plain HTTP was spoken to a port of TLS', () => {
    expect(explainError(withCode('ECONNRESET'), 'http://club.example.org')).toMatch(/is its address https:\/\//)
  })
})

describe('an answer that lets no agent in', () => {
  const own = (message = 'said') => JSON.stringify({ error: { message, type: 'x', code: 'x', param: null } })
  it.each([
    [401, own(), /refused the API key: it is unknown.* 'Connect a machine'/, 'yes'],
    [
      401,
      own('This API key was revoked at 2026-11-27T18:02:11Z.'),
      /^This API key was revoked at \S+Z\. Take the command/,
      'yes'
    ],
    [403, own(), /may not run an agent/, 'yes'],
    [404, own(), /no inference\.club at/, 'unless-found'],
    [421, own('Not by this name.'), /Not by this name\./, 'unless-found'],
    [429, own('Too many.'), /Too many\./, 'no'],
    [503, own('The server stops.'), /The server stops\./, 'no'],
    [401, '<h1>Sign in</h1>', /lets nobody in \(HTTP 401\)/, 'unless-found'],
    [403, 'Forbidden', /lets nobody in \(HTTP 403\)/, 'unless-found'],
    [407, '', /lets nobody in/, 'unless-found'],
    [404, '<h1>nginx</h1>', /no inference\.club at/, 'unless-found'],
    [200, '<!doctype html>', /no inference\.club at/, 'unless-found'],
    [400, 'The plain HTTP request was sent to HTTPS port', /no inference\.club at/, 'unless-found'],
    [426, '', /does not pass WebSocket connections on/, 'unless-found'],
    [429, '', /takes no more connections/, 'no'],
    [500, 'oops', /no inference\.club at/, 'no'],
    [502, '<h1>Bad Gateway</h1>', /is away.*502/, 'no'],
    [522, '', /is away.*522/, 'no'],
    [401, '{"error":"unauthorized"}', /lets nobody in/, 'unless-found'],
    [401, 'null', /lets nobody in/, 'unless-found']
  ] as const)('%i %s', (status, body, text, isFinal) => {
    const refusal = explainAnswer({ status, body }, GATEWAY)
    expect(refusal).toEqual({ text: expect.stringMatching(text), isFinal })
    expect(refusal.text).toMatch(ONE_SENTENCE)
  })

  it.each([
    ['https://club.example.org/club/api/agent/connect', / to https:\/\/club\.example\.org\/club:/],
    [undefined, /sends callers on:/],
    ['https://x/\x1b[2J', / to https:\/\/x\/:/]
  ])('sends on to %s', (location, text) => {
    const refusal = explainAnswer({ status: 308, body: '', ...(location !== undefined && { location }) }, GATEWAY)
    expect(refusal).toEqual({ text: expect.stringMatching(text), isFinal: 'unless-found' })
  })
})

describe('the end of a connection', () => {
  it.each([
    [1001, 'the gateway stops', 'The gateway stops or restarts.'],
    [1006, '', `The connection to ${GATEWAY} broke.`],
    [4009, 'a newer connection took over', 'Another agent of this account and name took over.'],
    [1011, 'come back soon', 'The gateway ended the connection: come back soon.']
  ])('%i', (code, reason, text) => expect(explainClose(code, reason, GATEWAY)).toBe(text))
})

it('names both places where a refused key may stand', () => {
  expect(explainKey()).toMatch(
    /^The gateway refused the API key: .* its api_key, or the file that api_key_file names\.$/
  )
  const shutOut = 'This API key is of an account that an admin has shut out. Ask an admin.'
  expect(explainKey(shutOut)).toBe(shutOut)
  expect(explainKey('This API key was revoked.')).toMatch(/^This API key was revoked\. Take /)
})
