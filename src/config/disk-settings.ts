import { DAY_MS } from '../lib/durations.ts'
import { bytesSetting, durationSetting } from './settings.ts'

const MIB = 1024 ** 2

/** What the server does with the disk its data folder is on. */
export const DISK = {
  diskReserveBytes: bytesSetting({
    variable: 'INFERENCE_CLUB_DISK_RESERVE',
    description:
      'Free space, where the database and the images are, below which no new work is taken and what waits is not begun; `0` is off.',
    fallback: 256 * MIB,
    min: 0
  }),
  databaseLogBytes: bytesSetting({
    variable: 'INFERENCE_CLUB_DATABASE_LOG_BYTES',
    description:
      'How large the write-ahead log of the database (`inference-club.sqlite-wal`) may grow under load before writers are held for a moment so that it begins anew.',
    fallback: 256 * MIB,
    min: MIB
  }),
  quarantineMs: durationSetting({
    variable: 'INFERENCE_CLUB_QUARANTINE',
    description:
      'How long stored images are kept that no row of the database names, as after restoring an older database, before they are erased; `0s` erases them within two hours.',
    fallback: 30 * DAY_MS,
    minMs: 0,
    maxMs: 3650 * DAY_MS
  })
}
