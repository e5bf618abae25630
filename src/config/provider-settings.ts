import { DAY_MS } from '../lib/durations.ts'
import { choiceSetting, durationSetting, integerSetting } from './settings.ts'

const named = (name: string) => `INFERENCE_CLUB_${name}`

/** Whose machines make images for others, and how a newcomer proves itself. */
export const OFFERING = {
  providers: choiceSetting<'auto' | 'approve' | 'open' | 'admins'>({
    variable: named('PROVIDERS'),
    live: true,
    title: 'Whose machines may serve others',
    description:
      'Whose machines may serve others: `admins` alone, whoever an admin lets (`approve`), or everybody (`open`). `auto` is `approve` once there is more than one member.',
    fallback: 'auto',
    choices: ['auto', 'approve', 'open', 'admins']
  }),
  newProviderAtOnce: integerSetting({
    variable: named('NEW_PROVIDER_AT_ONCE'),
    live: true,
    title: 'New machines: images at a time',
    description: 'Images for others that a new provider makes at a time.',
    fallback: 2,
    min: 1,
    max: 1000
  }),
  newProviderPerHour: integerSetting({
    variable: named('NEW_PROVIDER_PER_HOUR'),
    live: true,
    title: 'New machines: images within an hour',
    description: 'Images for others that a new provider makes within an hour; what fails does not count.',
    fallback: 20,
    min: 1,
    max: 1_000_000
  }),
  newProviderImages: integerSetting({
    variable: named('NEW_PROVIDER_IMAGES'),
    live: true,
    title: 'A machine is new until it made so many images',
    description: 'Images that a provider delivers to others before it is new no more.',
    fallback: 20,
    min: 0,
    max: 1_000_000
  }),
  newProviderTimeMs: durationSetting({
    variable: named('NEW_PROVIDER_TIME'),
    live: true,
    title: 'A machine is new for at least',
    description: 'How long a provider is new at least.',
    fallback: DAY_MS,
    minMs: 0,
    maxMs: 365 * DAY_MS
  })
}
