import { describe, expect, it } from 'vitest'
import type { Scope } from '../../../../src/http/dashboard/contract/keys.ts'
import { keySnippets } from './key-snippets.ts'

const of = (...scopes: Scope[]) => keySnippets({ secret: 'ic_secret', scopes, baseUrl: 'https://club.example.org' })

describe('keySnippets', () => {
  it('shows what the key may do', () => {
    expect(of('generate', 'agent').map(({ id }) => id)).toEqual(['shell', 'openai', 'agent'])
    expect(of('agent').map(({ id }) => id)).toEqual(['agent'])
    expect(of('usage').map(({ code }) => code)).toEqual([
      'export INFERENCE_CLUB_URL=https://club.example.org\nexport INFERENCE_CLUB_API_KEY=ic_secret'
    ])
  })

  it('keeps the secret out of the file of an agent', () => {
    const [agent] = of('agent')
    expect(agent?.code.split('agent.yaml begins')[1]).not.toContain('ic_secret')
  })

  it('exports the key in each', () => {
    expect(of('generate', 'agent').every(({ code }) => /^export \w+_API_KEY=ic_secret$/m.test(code))).toBe(true)
  })
})
