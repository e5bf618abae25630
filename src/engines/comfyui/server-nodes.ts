import { members } from '../upstream-text.ts'
import type { ComfyHttp } from './comfyui-http.ts'
import { notLikeComfy } from './not-like-comfy.ts'

/** A class of nodes that the server has. */
export interface NodeClass {
  /** What an input may be, where that is one of a list; undefined where it is not, or there is no such input. */
  choices(input: string): readonly string[] | undefined
}

/** Which nodes and files the server has; what it answered is believed for a while. */
export interface ServerNodes {
  /** Undefined when the server has no such class: it is a part of something that is not installed. */
  find(name: string, signal: AbortSignal): Promise<NodeClass | undefined>
  /** Asks anew from now on. */
  forget(): void
}

/** A file that was just put there is seen after so long. */
const BELIEVED_MS = 30_000

export function createServerNodes(http: Pick<ComfyHttp, 'get'>): ServerNodes {
  const known = new Map<string, { at: number; found: NodeClass | undefined }>()
  return {
    find: async (name, signal) => {
      const before = known.get(name)
      if (before && performance.now() - before.at < BELIEVED_MS) return before.found
      const answer = await http.get(`/object_info/${encodeURIComponent(name)}`, signal)
      if (answer.status !== 200) {
        throw notLikeComfy(`HTTP ${answer.status}`)
      }
      // Unknown classes are an empty object, not a 404.
      const description = members(answer.json)[name]
      const found = description === undefined ? undefined : readNodeClass(description)
      known.set(name, { at: performance.now(), found })
      return found
    },
    forget: () => known.clear()
  }
}

/** A list of choices is written as itself, `[["a","b"], {}]`, or by newer nodes as `["COMBO", {"options": ["a","b"]}]`. */
function readNodeClass(description: unknown): NodeClass {
  const { required, optional } = members(members(description).input)
  const inputs = { ...members(optional), ...members(required) }
  return {
    choices: (input) => {
      const [type, more] = Array.isArray(inputs[input]) ? (inputs[input] as unknown[]) : []
      const listed = Array.isArray(type) ? (type as unknown[]) : type === 'COMBO' ? members(more).options : undefined
      return Array.isArray(listed) ? listed.filter((one) => typeof one === 'string') : undefined
    }
  }
}
