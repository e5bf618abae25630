import { integerSetting } from './settings.ts'

const limit = (name: string) => `INFERENCE_CLUB_LIMITS_${name}`

/** How much of the network one person or one agent may make up. */
export const PROVIDER_LIMITS = {
  providersPerUser: integerSetting({
    variable: limit('PROVIDERS_PER_USER'),
    live: true,
    title: 'Most machines of one person',
    description: 'Most providers (agents by name) one user may have; forgotten ones do not count.',
    fallback: 20,
    min: 1,
    max: 10_000
  }),
  servicesPerProvider: integerSetting({
    variable: limit('SERVICES_PER_PROVIDER'),
    live: true,
    title: 'Most services of one machine',
    description: 'Most services one agent may offer.',
    fallback: 32,
    min: 1,
    max: 100
  }),
  modelsPerProvider: integerSetting({
    variable: limit('MODELS_PER_PROVIDER'),
    live: true,
    title: 'Most models of one machine',
    description: 'Most models one agent may offer, those of all its services together.',
    fallback: 1000,
    min: 1,
    max: 50_000
  })
}
