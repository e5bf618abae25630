import { bytesSetting } from './settings.ts'

const MIB = 1024 ** 2

/** What the server does with the disk its data folder is on. */
export const DISK = {
  diskReserveBytes: bytesSetting({
    variable: 'INFERENCE_CLUB_DISK_RESERVE',
    description:
      'Free space, where the database and the images are, below which no new work is taken and what waits is not begun; `0` is off.',
    fallback: 256 * MIB,
    defaultText: '256MiB',
    min: 0
  }),
  databaseLogBytes: bytesSetting({
    variable: 'INFERENCE_CLUB_DATABASE_LOG_BYTES',
    description:
      'How large the write-ahead log of the database (`inference-club.sqlite-wal`) may grow under load before writers are held for a moment so that it begins anew.',
    fallback: 256 * MIB,
    defaultText: '256MiB',
    min: MIB
  })
}
