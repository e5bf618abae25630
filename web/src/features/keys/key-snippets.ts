import type { Scope } from '../../../../src/http/dashboard/contract/keys.ts'

export interface Snippet {
  id: 'shell' | 'openai' | 'agent'
  label: string
  code: string
}

/** Lines to paste that use a new key in the ways it may be used; each exports the key. */
export function keySnippets(key: { secret: string; scopes: readonly Scope[]; baseUrl: string }): Snippet[] {
  const { secret, scopes, baseUrl } = key
  const variables = `export INFERENCE_CLUB_URL=${baseUrl}\nexport INFERENCE_CLUB_API_KEY=${secret}`
  const images: Snippet[] = [
    { id: 'shell', label: 'Shell', code: `${variables}\nbin/inference-club generate "a lighthouse at dusk"` },
    {
      id: 'openai',
      label: 'OpenAI SDK',
      code: `# The SDKs for Python and JavaScript read these two.\nexport OPENAI_BASE_URL=${baseUrl}/v1\nexport OPENAI_API_KEY=${secret}`
    }
  ]
  const agent: Snippet = {
    id: 'agent',
    label: 'Agent',
    code: [
      `export INFERENCE_CLUB_API_KEY=${secret}`,
      'bin/inference-club agent --config agent.yaml',
      '# agent.yaml begins with these two lines:',
      `gateway: ${baseUrl}`,
      'api_key: ${INFERENCE_CLUB_API_KEY}'
    ].join('\n')
  }
  const shown = [...(scopes.includes('generate') ? images : []), ...(scopes.includes('agent') ? [agent] : [])]
  return shown.length > 0 ? shown : [{ id: 'shell', label: 'Shell', code: variables }]
}
