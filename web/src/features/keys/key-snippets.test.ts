import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import type { Scope } from '../../../../src/http/dashboard/contract/keys.ts'
import { keySnippets } from './key-snippets.ts'

const of = (...scopes: Scope[]) => keySnippets({ secret: 'ic_secret', scopes, baseUrl: 'https://club.example.org' })

describe('keySnippets', () => {
  it('shows what the key may do', () => {
    expect(of('generate', 'agent').map(({ id }) => id)).toEqual(['curl', 'openai', 'agent'])
    expect(of('agent').map(({ id }) => id)).toEqual(['agent'])
    expect(of('usage').map(({ code }) => code)).toEqual([
      'export INFERENCE_CLUB_URL=https://club.example.org\nexport INFERENCE_CLUB_API_KEY=ic_secret'
    ])
  })

  it('keeps the secret out of the file of an agent', () => {
    const [agent] = of('agent')
    expect(agent?.code).toContain('(umask 077 && echo ic_secret > agent.key)')
    expect(agent?.code).toMatch(/\n.* agent --init --gateway https:\/\/club\.example\.org --key-file agent\.key$/)
  })

  it('gets the program where it is known where that is', () => {
    const repository = 'git@git.example.org:club.git'
    const [agent] = keySnippets({ secret: 'ic_secret', scopes: ['agent'], baseUrl: 'http://c', repository })
    expect(agent?.code).toMatch(
      /^\[ -e .* \|\| git clone git@git\.example\.org:club\.git .* &&\n.* cd .* && npm ci &&\n\(umask/
    )
  })

  it('exports the key for programs', () => {
    expect(of('generate').every(({ code }) => /^export \w+_API_KEY=ic_secret$/m.test(code))).toBe(true)
  })

  const paste = (code: string) => {
    const { stdout, stderr } = spawnSync('sh', ['-c', `curl() { printf '%s\\n' "$@"; }\n${code}`], {
      encoding: 'utf8',
      env: {}
    })
    expect(stderr).toBe('')
    return stdout.trim().split('\n')
  }
  const key = { secret: 'ic_secret', scopes: ['generate'] as const, baseUrl: 'https://club.example.org/club' }

  it('calls with curl alone, which every machine has, as pasted', () => {
    const [{ code } = { code: '' }] = keySnippets({ ...key, model: "it's/a $model" })
    expect(code).not.toContain('inference-club ')
    const [url, , header, , type, , ...body] = paste(code)
    expect([url, header, type]).toEqual([
      'https://club.example.org/club/v1/images/generations',
      'Authorization: Bearer ic_secret',
      'Content-Type: application/json'
    ])
    expect(JSON.parse(body.join('\n'))).toEqual({ model: "it's/a $model", prompt: 'a lighthouse at dusk' })
  })

  it('lists the models with it while none is online', () => {
    const [{ code } = { code: '' }] = keySnippets(key)
    expect(paste(code)).toEqual(['https://club.example.org/club/v1/models', '-H', 'Authorization: Bearer ic_secret'])
  })
})
