import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import type { Scope } from '../../../../src/http/dashboard/contract/keys.ts'
import type { ModelInfo } from '../../../../src/http/dashboard/contract/requests.ts'
import { exportKey } from '../../../../src/lib/ask-for-key.ts'
import { keySnippets, modelToTry } from './key-snippets.ts'

const of = (...scopes: Scope[]) => keySnippets({ scopes, baseUrl: 'https://club.example.org' })

describe('modelToTry', () => {
  const model = (id: string, providers = 1, features = ['generate']) =>
    ({ id, providers, supported_features: features }) as ModelInfo

  it('is one that can be made now, of words, with this key', () => {
    const models = [model('away', 0), model('editor', 1, ['edit']), model('a'), model('b')]
    expect(modelToTry(models, null)).toBe('a')
    expect(modelToTry(models, ['b'])).toBe('b')
    expect(modelToTry(models, ['away'])).toBe('away')
    expect(modelToTry(models, ['editor'])).toBeUndefined()
    expect(modelToTry([], null)).toBeUndefined()
  })
})

describe('keySnippets', () => {
  it('shows what the key may do', () => {
    expect(of('generate', 'agent').map(({ id }) => id)).toEqual(['curl', 'openai', 'agent'])
    expect(of('agent').map(({ id }) => id)).toEqual(['agent'])
    expect(of('usage').map(({ code }) => code)).toEqual([
      `export INFERENCE_CLUB_URL=https://club.example.org\n${exportKey()}`
    ])
  })

  it('keeps the key out of the file of an agent, asks for it before anything can fail, and has all in one list of commands', () => {
    const [agent] = of('agent')
    const [, ask, ...lines] = agent?.code.split('\n') ?? []
    expect(ask).toMatch(/ read -r\S+ key && echo &&$/)
    expect(lines.slice(0, -1).every((line) => line.endsWith('&&'))).toBe(true)
    expect(agent?.code).toContain(`(umask 077 && printf '%s\\n' "$key" > agent.key)`)
    expect(agent?.code).toMatch(/\n.* agent --init --gateway https:\/\/club\.example\.org --key-file agent\.key$/)
  })

  it('gets the program where it is known where that is', () => {
    const repository = 'git@git.example.org:club.git'
    const [agent] = keySnippets({ scopes: ['agent'], baseUrl: 'http://c', repository })
    expect(agent?.code).toMatch(
      /^printf .* &&\n\{ case .* &&\n\{ \[ -e .* \|\| git clone git@git\.example\.org:club\.git .*; \} &&\n.* cd .* && npm ci &&\n\(umask/
    )
  })

  it('exports the key for programs', () => {
    expect(of('generate').every(({ code }) => /read -r\S+ (\w+_API_KEY) && echo && export \1( &&)?$/m.test(code))).toBe(
      true
    )
  })

  const paste = (code: string) => {
    const { stdout, stderr } = spawnSync('sh', ['-c', `curl() { printf '%s\\n' "$@"; }\n${code}`], {
      input: 'ic_secret\n',
      encoding: 'utf8',
      env: {}
    })
    expect(stderr).toBe('')
    return stdout.trim().split('\n').slice(1)
  }
  const key = { scopes: ['generate'] as const, baseUrl: 'https://club.example.org/club' }

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
