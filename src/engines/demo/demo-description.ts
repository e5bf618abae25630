import type { Feature } from '../../images/image-request.ts'
import type { EngineDescription } from '../engine-description.ts'

const FEATURES: readonly Feature[] = [
  'generate',
  'edit',
  'mask',
  'multi_image',
  'variation',
  'negative_prompt',
  'seed',
  'preview'
]

export const DEMO: EngineDescription = {
  name: 'demo',
  title: 'The demo painter',
  detail: 'Needs no GPU and no model, for trying things out',
  takes: ['extras'],
  options: [{ name: 'step_time', meaning: 'how long it takes for each step' }],
  features: FEATURES,
  usualFeatures: FEATURES,
  usualUrls: [],
  ownModel: 'demo',
  document: 'agent.md#engines'
}
