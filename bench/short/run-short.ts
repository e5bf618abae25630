import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { type Costs, judgeCosts, type Judgement, leastOf, MAY_GROW } from './judge-costs.ts'
import { measureCosts } from './measure-costs.ts'

/*
 * Whether an image costs more than it did: `npm run bench:short`. With `--write` what is measured is what is expected from now
 * on. What is too much is measured again before it is believed.
 */

const EXPECTED = new URL('expected.json', import.meta.url)
const TRIES = 3

const { values } = parseArgs({ options: { write: { type: 'boolean' } } })
const tries: Costs[] = []

if (values.write) {
  while (tries.length < TRIES) tries.push(await measureCosts())
  await writeFile(EXPECTED, `${JSON.stringify(leastOf(tries), null, 2)}\n`)
  console.log('bench/short/expected.json is written anew.')
} else {
  const expected = JSON.parse(await readFile(EXPECTED, 'utf8')) as Costs
  let judgements: Judgement[]
  do {
    tries.push(await measureCosts())
    judgements = judgeCosts(leastOf(tries), expected)
  } while (tries.length < TRIES && judgements.some(({ verdict }) => verdict === 'too much'))
  for (const { what, name, expected, measured, verdict } of judgements)
    console.log(`${what.padEnd(6)} ${name.padEnd(22)} ${String(measured).padStart(8)} of ${expected}  ${verdict}`)
  if (judgements.some(({ verdict }) => verdict === 'too much')) {
    console.log(
      `An image costs more than ${MAY_GROW.calls} × the calls or ${MAY_GROW.cpu} × the CPU that it did. Find what was added; where it is worth that, npm run bench:short -- --write.`
    )
    process.exitCode = 1
  }
}
