import { EngineError } from '../engine.ts'
import { members } from '../upstream-text.ts'
import type { InvokeGraph } from './invokeai-nodes.ts'

/** What is called beside the nodes. */
const PATHS = [
  '/api/v1/queue/{queue_id}/enqueue_batch',
  '/api/v1/queue/{queue_id}/i/{item_id}',
  '/api/v1/queue/{queue_id}/i/{item_id}/cancel',
  '/api/v1/images/upload',
  '/api/v1/images/i/{image_name}',
  '/api/v1/images/i/{image_name}/full'
]

/** What a version of InvokeAI understands, by its own document. It changes with every release. */
export interface InvokeSchema {
  version: string
  /** Whether a type of node has such an input. */
  has(type: string, input: string): boolean
  /** The values that an input may have; empty where any may be. */
  choices(type: string, input: string): readonly string[]
  /** Throws `EngineError`, in one sentence, for a graph that this version does not understand. */
  check(graph: InvokeGraph): void
}

interface NodeClass {
  inputs: Record<string, unknown>
  outputs: Record<string, unknown>
}

/** Reads `/openapi.json`. Throws `EngineError` for one that is of something else, or of a version that is too old. */
export function readSchema(json: unknown, version: string): InvokeSchema {
  const { paths, components } = members(json)
  const schemas = members(members(components).schemas)
  const unknown = (what: string) =>
    new EngineError(
      'unreachable',
      `This version of InvokeAI (${version}) is not one that is understood here: ${what}.`,
      { remedy: 'docs/engines/invokeai.md names versions that are; a newer agent may understand more.' }
    )
  const missing = PATHS.find((path) => !(path in members(paths)))
  if (missing !== undefined) throw unknown(`it has no ${missing}`)
  if (!('item_ids' in members(members(schemas.EnqueueBatchResult).properties))) {
    throw unknown('it does not tell the ids of what it queues')
  }
  const classes = new Map<string, NodeClass>()
  for (const schema of Object.values(schemas)) {
    const { properties, output, class: kind } = members(schema)
    const { const: constant, default: usual } = members(members(properties).type)
    const type = constant ?? usual
    if (typeof type !== 'string' || (kind !== undefined && kind !== 'invocation')) continue
    const name = /^#\/components\/schemas\/(.+)$/.exec(String(members(output).$ref))?.[1]
    if (name === undefined) continue
    classes.set(type, { inputs: members(properties), outputs: members(members(schemas[name]).properties) })
  }
  return {
    version,
    has: (type, input) => input in (classes.get(type)?.inputs ?? {}),
    choices: (type, input) => {
      const { enum: values } = members(classes.get(type)?.inputs[input])
      return Array.isArray(values)
        ? (values as unknown[]).filter((value) => typeof value === 'string').slice(0, 1000)
        : []
    },
    check: ({ nodes, edges }) => {
      for (const { id: _id, type, ...inputs } of Object.values(nodes)) {
        const known = classes.get(type)
        if (!known) throw unknown(`it has no node '${type}'`)
        const input = Object.keys(inputs).find((name) => !(name in known.inputs))
        if (input !== undefined) throw unknown(`its node '${type}' has no '${input}'`)
      }
      for (const { source, destination } of edges) {
        const [from, to] = [nodes[source.node_id]?.type ?? '', nodes[destination.node_id]?.type ?? '']
        if (!(source.field in (classes.get(from)?.outputs ?? {})))
          throw unknown(`its node '${from}' gives no '${source.field}'`)
        if (!(destination.field in (classes.get(to)?.inputs ?? {})))
          throw unknown(`its node '${to}' has no '${destination.field}'`)
      }
    }
  }
}
