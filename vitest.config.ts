import { defineConfig } from 'vitest/config'
import { nothingLeftOut } from './tests/e2e/nothing-left-out.ts'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'web/src/**/*.test.ts', 'tests/**/*.test.ts', 'bench/*.test.ts', 'bench/*/*.test.ts'],
    globalSetup: ['tests/e2e/unpack-browser.ts', 'tests/support/keep-compiled.ts'],
    // Files share a process: loading the gateway anew for each costs more than most of their tests.
    isolate: false,
    setupFiles: 'tests/support/leave-as-found.ts',
    // These have their own configuration and their own command; the clients also packages of their own.
    exclude: ['tests/crash/**', 'tests/clients/**'],
    reporters: ['default', nothingLeftOut],
    // The C2PA reader's decoder comes without its native part, which npm would have to compile: package.json overrides it.
    env: { CBOR_NATIVE_ACCELERATION_DISABLED: 'true' },
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // On a CI machine of unknown load one more try tells a slow moment from a fault; at home every failure shows.
    retry: process.env.CI ? 1 : 0,
    // One more than the cores this is made for: tests that wait for a program or a timer leave theirs to others.
    maxWorkers: 3
  }
})
