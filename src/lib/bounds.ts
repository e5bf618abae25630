/** The longest an image may take, and so the longest time a service, an agent or an engine may name: a day, in ms. */
export const MAX_WORK_MS = 86_400_000

/** The latest moment anything here may be set for, in UTC milliseconds: the end of the year 9999. */
export const LATEST_TIME = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/** Most images, requests or steps that anybody may name where no smaller bound belongs to the matter itself. */
export const MAX_COUNT = 1_000_000

/** `value` as a whole number from 0 to `max`; 0 for what is no number at all. For figures that others report. */
export const clampCount = (value: number, max: number = MAX_COUNT): number =>
  Number.isNaN(value) ? 0 : Math.max(0, Math.min(max, Math.trunc(value)))
