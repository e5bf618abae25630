import { bringsBrowser, unpackBrowser } from './browser-files.ts'

/** Before all tests, once: so that no two workers do it at the same time. */
export const setup = async (): Promise<void> => {
  if (bringsBrowser) await unpackBrowser()
}
