import { expect, it } from 'vitest'
import { runScript } from '../../tests/support/run-script.ts'

it('a promise that is rejected and that nobody waits for does not end the process', async () => {
  expect(await runScript('reject-and-go-on.ts', [])).toBe('still here\n')
})
