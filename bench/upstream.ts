import { type FakeProcess, spawnFake } from '../tests/support/spawn-fake.ts'

/** Pixels of each side of the pictures, which are about 2 kB and 1.5 MB. */
export const SIDES = { small: 25, large: 707 } as const

export type PictureName = keyof typeof SIDES

/** What a file of such a picture has at least: its pixels, which do not compress. */
export const leastBytesOf = (picture: PictureName): number => SIDES[picture] ** 2 * 3

export interface UpstreamSettings {
  picture: PictureName
  /** Before each answer. */
  delayMs: number
}

/** Its `url` is without `/v1`. */
export type Upstream = FakeProcess<Partial<UpstreamSettings>, never>

export const startUpstream = (): Promise<Upstream> => spawnFake('../../bench/upstream-main.ts')
