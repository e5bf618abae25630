import { expect, it } from 'vitest'
import { weightsOf } from './model-settings.ts'
import type { OwnWorkflow } from './own-workflow.ts'

it('a model needs the weights that are loaded for it, whatever LoRAs it has', () => {
  const loads = (file: string, lora: string, input = 'ckpt_name') => ({
    name: lora,
    workflow: {
      graph: {
        1: { class_type: 'Loader', inputs: { [input]: file } },
        2: { class_type: 'LoraLoader', inputs: { lora_name: lora, model: ['1', 0] } }
      }
    } as unknown as OwnWorkflow
  })
  expect(weightsOf(loads('xl', 'ink'))).toBe(weightsOf(loads('xl', 'oil')))
  expect(weightsOf(loads('xl', 'ink', 'unet_name'))).toBe(weightsOf({ name: 'alias', diffusionModel: 'xl' }))
  expect(weightsOf(loads('xl', 'ink'))).toBe(weightsOf({ name: 'alias', checkpoint: 'xl' }))
  expect(weightsOf(loads('xl', 'ink'))).not.toBe(weightsOf(loads('sd', 'ink')))
  expect(weightsOf({ name: 'xl' })).toBe('xl')
})
