import { defineConfig } from 'vitest/config'

/** Clients of others, as their makers publish them, against a gateway of the tests: `npm run test:clients`. */
export default defineConfig({
  test: {
    include: ['tests/clients/*.test.ts'],
    globalSetup: 'tests/e2e/unpack-browser.ts',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2
  }
})
