import type { Config } from '../config/config.ts'
import { LIVE_SETTINGS, type LiveSetting } from '../config/live-settings.ts'
import { SettingMistake } from '../config/settings.ts'
import type { Database } from '../db/database.ts'
import { createQueue, inBackground } from '../lib/async.ts'
import { errors } from '../lib/errors.ts'
import type { Logger } from '../lib/logger.ts'
import { listSettings, writeSettings } from './setting-store.ts'

/** A setting as it is now; values as its variable would spell them. */
export interface SettingView {
  setting: LiveSetting
  value: string
  /** What the environment says. */
  fallback: string
  isChanged: boolean
}

export interface Settings {
  /** Brings the configuration up to what has been changed, by whichever process. */
  load(): Promise<void>
  /** All settings that may be changed, in the order of the documentation. */
  list(): Promise<SettingView[]>
  /** What the configuration would hold of the settings that are named; throws as `change` does. */
  look(values: Record<string, unknown>): Record<string, unknown>
  /**
   * Changes settings by their names; null goes back to what the environment says. Counts at once, and at the next start.
   * Throws `invalid_request` with each that is unknown or has a wrong value; none is changed then.
   */
  change(values: Record<string, unknown>, by: string): Promise<void>
  close(): void
}

/**
 * The settings that may change while the gateway runs. `config` is changed in place: everybody holds the same one and
 * reads it when it is needed.
 */
export function createSettings(parts: { database: Database; config: Config; logger: Logger }): Settings {
  const { database, config, logger } = parts
  const { db, clock, bell } = database
  const fallbacks = new Map(LIVE_SETTINGS.map((live) => [live, live.read(config)]))
  // One after the other, so that what was read first is never what counts last.
  const inTurn = createQueue(1)

  const load = () =>
    inTurn(async () => {
      const changed = await listSettings(db)
      for (const live of LIVE_SETTINGS) {
        const text = changed.get(live.name)
        live.write(config, text === undefined ? fallbacks.get(live) : storedValue(live, text))
      }
      return changed
    })

  const storedValue = (live: LiveSetting, text: string): unknown => {
    try {
      return live.setting.parse(text)
    } catch (error) {
      if (!(error instanceof SettingMistake)) throw error
      logger.error({ setting: live.name }, `a changed setting does not count: it ${error.message}`)
      return fallbacks.get(live)
    }
  }

  const forget = bell.on('settings', () =>
    inBackground(load(), (error) => logger.error({ err: error }, 'changed settings could not be read'))
  )

  return {
    load: async () => void (await load()),
    list: async () => {
      const changed = await load()
      return LIVE_SETTINGS.map((live) => ({
        setting: live,
        value: live.setting.spell(live.read(config)),
        fallback: live.setting.spell(fallbacks.get(live)),
        isChanged: changed.has(live.name)
      }))
    },
    look: (wanted) => {
      const values = parseChanges(wanted)
      return Object.fromEntries(
        LIVE_SETTINGS.filter(({ name }) => values.has(name)).map((live) => {
          const text = values.get(live.name) ?? null
          return [live.name, text === null ? fallbacks.get(live) : live.setting.parse(text)]
        })
      )
    },
    change: async (wanted, by) => {
      const values = parseChanges(wanted)
      await writeSettings(db, { values, by, now: clock.now() })
      await load()
      bell.ring('settings')
    },
    close: forget
  }
}

/** The values as their variables would spell them; null takes a change back. Throws `invalid_request` with all that is wrong. */
function parseChanges(wanted: Record<string, unknown>): Map<string, string | null> {
  const values = new Map<string, string | null>()
  const mistakes = new Map<string, string>()
  for (const [name, value] of Object.entries(wanted)) {
    try {
      values.set(name, parseChange(name, value))
    } catch (error) {
      if (!(error instanceof SettingMistake)) throw error
      mistakes.set(name, `'${name}' ${error.message}.`)
    }
  }
  if (mistakes.size > 0) throw errors.invalidFields(mistakes)
  return values
}

/** Throws `SettingMistake` with words that follow the name. */
function parseChange(name: string, value: unknown): string | null {
  const live = LIVE_SETTINGS.find((one) => one.name === name)
  if (!live) throw new SettingMistake('is not a setting that can be changed while the server runs')
  if (value === null) return null
  if (typeof value !== 'string') throw new SettingMistake(`must be text, as ${live.setting.variable} would spell it`)
  return live.setting.spell(live.setting.parse(value.trim()))
}
