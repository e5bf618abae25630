import { defineConfig } from 'vitest/config'

/** The crash suite: real processes and real SIGKILL. `CRASH_LONG=1` makes it long. */
export default defineConfig({
  test: {
    include: ['tests/crash/**/*.test.ts'],
    globalSetup: 'tests/support/keep-compiled.ts',
    testTimeout: 1_800_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    // Each step looks at what the one before left.
    bail: 1
  }
})
