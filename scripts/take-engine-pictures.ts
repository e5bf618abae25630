import { mkdir } from 'node:fs/promises'
import sharp from 'sharp'
import type { AgentServiceConfig } from '../src/config/agent-config.ts'
import { bringsBrowser, unpackBrowser } from '../tests/e2e/browser-files.ts'
import { settled, visit } from '../tests/e2e/dashboard-pages.ts'
import { openVisitor, startBrowser } from '../tests/e2e/visitor.ts'
import { startFakeComfy } from '../tests/support/fake-comfyui-server.ts'
import { FAKE_INVOKE_MODELS, startFakeInvoke } from '../tests/support/fake-invokeai.ts'
import { startFakeOpenAIServer } from '../tests/support/fake-openai-server.ts'
import { startFakeSdapi } from '../tests/support/fake-sdapi.ts'
import { startFakeSdcpp } from '../tests/support/fake-sdcpp.ts'
import { startFakeSwarm } from '../tests/support/fake-swarmui.ts'
import { startTestGateway } from '../tests/support/test-gateway.ts'

/**
 * The picture of each guide of an engine: a machine with it on the dashboard, as its owner sees it. The image servers are the fakes
 * of the tests: `npm run screenshots:engines`, into `docs/images/engines/`.
 */
const FOLDER = 'docs/images/engines'
const DRAWN = ['generate', 'edit', 'mask', 'negative_prompt', 'seed'] as const
const LORAS = ['detail', 'ink']

const servers = {
  comfyui: await startFakeComfy({ diffusionModels: [] }),
  automatic1111: await startFakeSdapi({ loras: LORAS }),
  swarmui: await startFakeSwarm({
    models: [
      {
        name: 'OfficialStableDiffusion/sd_xl_base_1.0.safetensors',
        kind: 'stable-diffusion-xl-v1',
        side: 1024,
        loaded: true
      }
    ],
    loras: LORAS
  }),
  invokeai: await startFakeInvoke({ models: FAKE_INVOKE_MODELS.filter((_model, index) => ![0, 5, 6].includes(index)) }),
  sdcpp: await startFakeSdcpp({ model: 'flux1-schnell-q4_0.gguf', loras: LORAS.map((name) => `${name}.safetensors`) }),
  openai: await startFakeOpenAIServer({ knownModels: ['flux-dev', 'qwen-image'] })
}
const model = (id: string, servedAs: string, features: readonly string[] = [...DRAWN, 'preview']) => ({
  id,
  servedAs,
  features: features as AgentServiceConfig['models'][number]['features'],
  options: {}
})
const MACHINES: Record<keyof typeof servers, Partial<AgentServiceConfig>> = {
  comfyui: { models: [model('sdxl', 'xl/juggernautXL.safetensors'), model('sd15', 'sd15.safetensors')] },
  automatic1111: { models: [model('dream', 'dream.safetensors')], options: { loras: LORAS } },
  swarmui: { models: [model('sdxl', 'OfficialStableDiffusion/sd_xl_base_1.0.safetensors')], options: { loras: LORAS } },
  invokeai: {
    models: [model('sdxl', 'juggernaut'), model('flux', 'flux-dev', ['generate', 'edit', 'mask', 'seed', 'preview'])],
    options: { loras: 'any' }
  },
  sdcpp: { models: [model('flux', 'flux1-schnell-q4_0.gguf', DRAWN)], options: { loras: LORAS } },
  openai: { models: [model('flux', 'flux-dev', ['generate', 'edit']), model('qwen', 'qwen-image', ['generate'])] }
}

await mkdir(FOLDER, { recursive: true })
if (bringsBrowser) await unpackBrowser()
const gateway = await startTestGateway()
const ada = await gateway.addPerson({ role: 'admin', name: 'Ada Lovelace' })
const { key } = await gateway.addKey(ada, { name: 'agents', scopes: ['agent'] })
const browser = await startBrowser()
for (const [engine, service] of Object.entries(MACHINES)) {
  const { url } = servers[engine as keyof typeof servers]
  await gateway.addAgent({
    key,
    name: `${engine}-rig`,
    services: [{ name: engine, engine, url, ...service }],
    probing: {}
  })
  const providers = await gateway.gateway.context.providers.listProviders()
  const visitor = await openVisitor(browser, {
    url: gateway.url,
    theme: 'light',
    viewport: { width: 1180, height: 860 },
    cookie: ada.cookie
  })
  await visit(visitor.page, `/network/${providers.find(({ name }) => name === `${engine}-rig`)?.id ?? ''}`)
  await visitor.page.getByText('On this machine').waitFor()
  await settled(visitor.page)
  const picture = await visitor.page.locator('main').screenshot()
  await sharp(picture).webp({ quality: 82 }).toFile(`${FOLDER}/${engine}.webp`)
  await visitor.close()
}
await browser.close()
await gateway.close()
for (const server of Object.values(servers)) await server.close()
