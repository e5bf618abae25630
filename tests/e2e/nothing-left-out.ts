import type { Reporter, TestModule } from 'vitest/node'

/**
 * Ends a run red when a test in a browser was to run and did not, whatever the reason: its set-up failed, or a step before
 * it. What a machine cannot run is left out by `runIf`, which this does not concern.
 */
export const nothingLeftOut: Reporter = {
  onTestRunEnd: (modules) => {
    const names = modules.filter(isInBrowser).flatMap(leftOut)
    if (names.length === 0) return
    console.error(`\n${names.length} tests in a browser were to run and were skipped:\n  ${names.join('\n  ')}\n`)
    process.exitCode = 1
  }
}

const isInBrowser = ({ moduleId }: TestModule) => moduleId.includes('/tests/e2e/')

const leftOut = ({ children }: TestModule): string[] =>
  [...children.allTests('skipped')].filter(({ options }) => options.mode === 'run').map(({ fullName }) => fullName)
