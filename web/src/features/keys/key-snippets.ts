import type { Scope } from '../../../../src/http/dashboard/contract/keys.ts'
import { cloneLines } from '../../lib/clone-lines.ts'
import { curlCommand, jsonArguments } from '../../lib/curl-command.ts'

export interface Snippet {
  id: 'curl' | 'openai' | 'agent'
  label: string
  code: string
}

/**
 * Lines to paste that use a new key in the ways it may be used; each says where it is kept. Without a `model` that is online, curl
 * lists what there is instead of asking for an image.
 */
export function keySnippets(key: {
  secret: string
  scopes: readonly Scope[]
  baseUrl: string
  model?: string
  /** Where the program is to be had with git. */
  repository?: string | null
}): Snippet[] {
  const { secret, scopes, baseUrl, model, repository = null } = key
  const exportKey = `export INFERENCE_CLUB_API_KEY=${secret}`
  const call =
    model === undefined
      ? curlCommand(`${baseUrl}/v1/models`, [])
      : curlCommand(`${baseUrl}/v1/images/generations`, jsonArguments({ model, prompt: 'a lighthouse at dusk' }))
  const images: Snippet[] = [
    { id: 'curl', label: 'curl', code: `${exportKey}\n${call}` },
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
      ...(repository === null ? ['# In the folder of the program, after git clone and npm ci:'] : []),
      ...cloneLines(repository),
      `(umask 077 && echo ${secret} > agent.key) &&`,
      `bin/inference-club agent --init --gateway ${baseUrl} --key-file agent.key`
    ].join('\n')
  }
  const shown = [...(scopes.includes('generate') ? images : []), ...(scopes.includes('agent') ? [agent] : [])]
  return shown.length > 0
    ? shown
    : [{ id: 'curl', label: 'Shell', code: `export INFERENCE_CLUB_URL=${baseUrl}\n${exportKey}` }]
}
