import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { alike, startAnswering } from '../support/answering-server.ts'
import { runProgram } from '../support/run-program.ts'

const PAGE = '<html><body><h1>Not here</h1></body></html>'
const BASIC = { 'www-authenticate': 'Basic realm="x"' }
const CANNOT_REACH = 'Start the image server, or look at the proxy before it.'
const SIGN_IN = "Does something before it ask for a sign-in? The service's url is where its API is."

let folder: string
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'inference-club-doctor-'))))
afterEach(() => rm(folder, { recursive: true }))

async function judge(url: string) {
  const service = `{name: a, type: image, engine: openai, url: "${url}", models: [{id: flux}]}`
  const head = 'gateway: http://127.0.0.1:9\napi_key: ic_x\nname: rig\nservices:\n'
  await writeFile(join(folder, 'agent.yaml'), `${head}  - ${service}\n`)
  return runProgram(['doctor', '--config', 'agent.yaml', url], { cwd: folder })
}

describe('doctor, of what stands before an image server', () => {
  it.each<[string, [number, string, Record<string, string>?], string, string]>([
    ['502', [502, PAGE], 'What stands before the image server cannot reach it (HTTP 502).', CANNOT_REACH],
    ['503', [503, PAGE], 'What stands before the image server cannot reach it (HTTP 503).', CANNOT_REACH],
    ['504', [504, PAGE], 'What stands before the image server cannot reach it (HTTP 504).', CANNOT_REACH],
    ['521', [521, 'error code: 521'], 'What stands before the image server cannot reach it (HTTP 521).', CANNOT_REACH],
    [
      'a redirect',
      [302, '', { location: '/in' }],
      'The image server redirects elsewhere, which is not followed.',
      SIGN_IN
    ],
    ['a page', [200, PAGE], 'A web page is where the image server should be.', SIGN_IN],
    ['a page of 403', [403, PAGE], 'What stands before the image server lets nobody in (HTTP 403).', SIGN_IN],
    [
      'a wrong password',
      [401, '{"detail":"no"}', BASIC],
      'The image server refused its user name or password.',
      "They belong into the service's url: http://user:password@host."
    ],
    [
      'a wrong password, without a word of what is wanted',
      [401, '{"detail":"no"}'],
      'The image server refused its user name or password.',
      "They belong into the service's url: http://user:password@host."
    ]
  ])('says the same with a file and without: %s', async (_what, answer, message, remedy) => {
    const url = (await startAnswering(alike(...answer))).replace('//', '//me:wrong@')
    const shown = url.replace('me:wrong', '…')
    const looked = await runProgram(['doctor', url], { cwd: folder })
    expect(looked.code).toBe(1)
    expect(looked.stdout).toContain(`${shown}\t-\t-\t-\t-\tnobody gets through\n`)
    expect(looked.stdout).toContain(`${shown}: ${message} ${remedy}\n`)
    expect(looked.stderr).toContain(`${shown} lets nobody through, as is said of it`)
    const judged = await judge(url)
    expect(judged.code).toBe(1)
    expect(judged.stdout).toContain(`${shown}\t-\t-\t-\ta\tnobody gets through\n`)
    expect(judged.stderr.replace(/(the image server) at \S+/i, '$1').toLowerCase()).toContain(
      `a: ${message} ${remedy}`.toLowerCase()
    )
    expect(judged.stderr).toContain(remedy)
    expect(judged.stdout + judged.stderr).not.toMatch(/api_key|API key/)
    // Once.
    expect((judged.stdout + judged.stderr).split(remedy)).toHaveLength(2)
  })

  it('says of a page of 401, which may want a key, where one is written', async () => {
    const url = await startAnswering(alike(401, PAGE))
    const { stdout } = await judge(url)
    expect(stdout).toContain('It asks for a key, or for a sign-in, of which no agent is capable. A key is written as')
    expect(stdout).not.toContain('password')
  })

  it('knows a server that takes everything well for none', async () => {
    const url = await startAnswering(alike(200, '{"status":"ok"}'))
    const { code, stdout, stderr } = await judge(url)
    expect(code).toBe(1)
    expect(stdout).toContain('an unknown server')
    expect(stderr).toContain('does not answer like one')
  })
})

it('doctor says of a server that takes connections and answers nothing that it does not answer in time', async () => {
  const { stderr } = await judge(await startAnswering(() => undefined))
  expect(stderr).toMatch(/the image server at http:\S+ does not answer in time\./)
})

it('doctor names each address once where nobody gets through to any, and says of none that was sent no password that it refused one', async () => {
  const wants = alike(401, '', BASIC)
  const urls = await Promise.all([startAnswering(wants), startAnswering(wants)])
  const { stdout, stderr } = await runProgram(['doctor', ...urls], { cwd: folder })
  expect(stdout).toContain('The image server wants a user name and a password.')
  expect(stderr).toContain(`was found (${urls.join(', ')} let nobody through, as is said of them).`)
})
