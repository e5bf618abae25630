import { type Config, LIMITS, SERVER } from './config.ts'
import { CLUB } from './club-settings.ts'
import { OFFERING } from './provider-settings.ts'
import type { Setting } from './settings.ts'
import { SIGN_IN } from './sign-in-settings.ts'

/** A setting that admins may change while the gateway runs. */
export interface LiveSetting {
  /** As the configuration names it. */
  name: string
  setting: Setting<unknown>
  read(config: Config): unknown
  /** What `setting.parse` gave; in place, for everything holds the same configuration and reads it when it is needed. */
  write(config: Config, value: unknown): void
}

const liveOnes = (
  settings: Record<string, Setting<unknown>>,
  sectionOf: (config: Config) => object
): readonly LiveSetting[] =>
  Object.entries(settings)
    .filter(([, setting]) => setting.live)
    .map(([name, setting]) => ({
      name,
      setting,
      read: (config) => (sectionOf(config) as Record<string, unknown>)[name],
      write: (config, value) => void Object.assign(sectionOf(config), { [name]: value })
    }))

/** In the order of the documentation. */
export const LIVE_SETTINGS: readonly LiveSetting[] = [
  ...liveOnes(CLUB, (config) => config.club),
  ...liveOnes(SERVER, (config) => config),
  ...liveOnes(SIGN_IN, (config) => config.signIn),
  ...liveOnes(OFFERING, (config) => config.offering),
  ...liveOnes(LIMITS, (config) => config.limits)
]
