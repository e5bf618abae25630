import type { Scope } from '../../../../src/http/dashboard/contract/keys.ts'
import type { ModelInfo } from '../../../../src/http/dashboard/contract/requests.ts'
import { exportKey } from '../../../../src/lib/ask-for-key.ts'
import { agentKeyLines, cloneLines, keyFileLine } from '../../lib/clone-lines.ts'
import { curlCommand, jsonArguments } from '../../lib/curl-command.ts'

export interface Snippet {
  id: 'curl' | 'openai' | 'agent'
  label: string
  code: string
}

/** The model that curl asks an image of: the first that makes some of words and that the key may use (null: all), if need be one that waits. */
export function modelToTry(models: readonly ModelInfo[], allowed: readonly string[] | null): string | undefined {
  const fit = models.filter(
    ({ id, supported_features: features }) => features.includes('generate') && (allowed?.includes(id) ?? true)
  )
  return (fit.find(({ providers }) => providers > 0) ?? fit[0])?.id
}

/**
 * Lines to paste that use a new key in the ways it may be used; each asks for the key, which is copied by itself. Without a `model`
 * that is online, curl lists what there is instead of asking for an image.
 */
export function keySnippets(key: {
  scopes: readonly Scope[]
  baseUrl: string
  model?: string
  /** Where the program is to be had with git. */
  repository?: string | null
}): Snippet[] {
  const { scopes, baseUrl, model, repository = null } = key
  const call =
    model === undefined
      ? curlCommand(`${baseUrl}/v1/models`, [])
      : curlCommand(`${baseUrl}/v1/images/generations`, jsonArguments({ model, prompt: 'a lighthouse at dusk' }))
  const images: Snippet[] = [
    { id: 'curl', label: 'curl', code: `${exportKey()} &&\n${call}` },
    {
      id: 'openai',
      label: 'OpenAI SDK',
      code: `# The SDKs for Python and JavaScript read these two.\nexport OPENAI_BASE_URL=${baseUrl}/v1\n${exportKey('OPENAI_API_KEY')}`
    }
  ]
  const agent: Snippet = {
    id: 'agent',
    label: 'Agent',
    code: [
      ...(repository === null ? ['# In the folder of the program, after git clone and npm ci:'] : []),
      ...agentKeyLines(),
      ...cloneLines(repository),
      keyFileLine('agent.key'),
      `bin/inference-club agent --init --gateway ${baseUrl} --key-file agent.key`
    ].join('\n')
  }
  const shown = [...(scopes.includes('generate') ? images : []), ...(scopes.includes('agent') ? [agent] : [])]
  return shown.length > 0
    ? shown
    : [{ id: 'curl', label: 'Shell', code: `export INFERENCE_CLUB_URL=${baseUrl}\n${exportKey()}` }]
}
