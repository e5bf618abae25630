import { expect, it } from 'vitest'
import type { ImageParameters } from '../images/image-request.ts'
import { readGatewayMessage } from './messages.ts'
import { fromTaskParameters, toTaskParameters } from './task-parameters.ts'

/** As gateways and agents of the first version say it: these names are never changed, whatever the table says. */
const SAID = {
  size: { width: 64, height: 48 },
  seed: 7,
  negative_prompt: 'rain',
  steps: 20,
  guidance_scale: 4.5,
  sampler: 'euler',
  strength: 0.25,
  output_format: 'webp',
  output_compression: 80,
  quality: 'high',
  background: 'opaque',
  moderation: 'low',
  style: 'vivid',
  alpha_mask: true
} as const

const ASKED: ImageParameters = {
  size: { width: 64, height: 48 },
  seed: 7,
  negative_prompt: 'rain',
  steps: 20,
  guidance_scale: 4.5,
  sampler: 'euler',
  strength: 0.25,
  output_format: 'webp',
  output_compression: 80,
  quality: 'high',
  background: 'opaque',
  moderation: 'low',
  style: 'vivid',
  inference_club_alpha_mask: true,
  extra: {}
}

it('says parameters as older agents read them', () => {
  expect(toTaskParameters(ASKED)).toEqual(SAID)
  expect(toTaskParameters({ extra: { steps: 3 } })).toEqual({})
})

it('understands parameters as older gateways say them, and lets those of newer ones be', () => {
  const task = { ...SAID, kind: 'edit', prompt: 'a fox', extra: {}, inputs: [], later: 1 }
  const frame = { type: 'attempt.assigned', attempt_id: 'att_1', token: 't', service: 's', model: 'm', task }
  const { message } = readGatewayMessage(JSON.stringify(frame), 'attempt.assigned')
  if (message?.type !== 'attempt.assigned') return expect.fail('it was not understood')
  const { extra: _apart, ...asked } = ASKED
  expect(fromTaskParameters(message.task)).toEqual(asked)
})
