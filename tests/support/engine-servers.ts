import { startFakeComfy } from './fake-comfyui-server.ts'
import { startFakeInvoke } from './fake-invokeai.ts'
import { startFakeOpenAIServer } from './fake-openai-server.ts'
import { startFakeSdapi } from './fake-sdapi.ts'
import { startFakeSdcpp } from './fake-sdcpp.ts'
import { startFakeSwarm } from './fake-swarmui.ts'

export interface Closing {
  close(): Promise<void> | void
}

const SIDE = { kind: 'stable-diffusion-v1', side: 512, loaded: false }
const invokeModel = (name: string) => ({ key: `k-${name}`, hash: `h-${name}`, name, base: 'sd-1', type: 'main' })

/** Starts a fake server that has these models. */
export const startServerOf = {
  openai: (knownModels: string[]) => startFakeOpenAIServer({ knownModels }),
  automatic1111: (files: string[]) => startFakeSdapi({ checkpoints: files.map((file) => ({ file })) }),
  comfyui: (checkpoints: string[]) => startFakeComfy({ checkpoints, diffusionModels: [] }),
  invokeai: (names: string[]) => startFakeInvoke({ models: names.map(invokeModel) }),
  // It has one alone.
  sdcpp: ([model = '']: string[]) => startFakeSdcpp({ model }),
  swarmui: (names: string[]) => startFakeSwarm({ models: names.map((name) => ({ name, ...SIDE })) })
} satisfies Record<string, (models: string[]) => Promise<Closing & { url: string }>>

export const ENGINES = Object.keys(startServerOf) as (keyof typeof startServerOf)[]
