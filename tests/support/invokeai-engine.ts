import { createInvokeEngine, type InvokeOptions } from '../../src/engines/invokeai/invokeai-engine.ts'
import { driveEngine, foxTask } from './drive-engine.ts'
import { type FakeInvoke, type FakeInvokeOptions, startFakeInvoke } from './fake-invokeai.ts'

const task = foxTask({ model: 'fake-image', size: { width: 128, height: 64 }, steps: 4 })

export function useInvokeEngine() {
  const drive = driveEngine<FakeInvoke, FakeInvokeOptions, InvokeOptions>({
    task,
    startFake: startFakeInvoke,
    create: (at, options) =>
      createInvokeEngine({ ...at, models: [], ...options, times: { pollMs: 10, awayMs: 200, ...options.times } })
  })
  const lastGraph = () => drive.server.state().graphs.at(-1)!
  return Object.assign(drive, {
    /** The node of the last graph that has this type; undefined when it has none. */
    node: (type: string) => Object.values(lastGraph().nodes).find((node) => node.type === type),
    /** Edges of the last graph, as `from.output → to.input`. */
    edges: () =>
      lastGraph().edges.map(
        ({ source, destination }) => `${source.node_id}.${source.field} → ${destination.node_id}.${destination.field}`
      )
  })
}
