import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ImagesAnswer } from '../support/image-calls.ts'
import { type ClientClub, isPng, openClub, photo, SMALL } from './open-club.ts'

let club: ClientClub
let folder: string

beforeAll(async () => {
  club = await openClub()
  folder = await mkdtemp(join(tmpdir(), 'inference-club-clients-'))
  await writeFile(join(folder, 'photo.png'), await photo())
})
afterAll(async () => {
  await club.close()
  await rm(folder, { recursive: true })
})

/** The machine's own program, in the folder with the photo. */
async function run(program: string, ...words: string[]): Promise<string> {
  return (await promisify(execFile)(program, words, { cwd: folder })).stdout
}
const curl = async (key: string, ...words: string[]) =>
  run('curl', '-sS', '-H', `Authorization: Bearer ${key}`, ...words)
const json = (fields: object) => ['-H', 'Content-Type: application/json', '-d', JSON.stringify(fields)]
const imageUrl = (text: string): string => (JSON.parse(text) as ImagesAnswer).data[0]?.url ?? ''

it.each([[[]], [['--http2']], [['--http1.0']], [['--compressed']], [['-H', 'Expect: 100-continue']]])(
  'curl generates and downloads %j',
  async (options) => {
    const { key } = await club.addUser()
    const answer = await curl(key, ...options, `${club.baseUrl}/images/generations`, ...json(SMALL))
    await run('curl', '-sS', '-fLo', 'made.png', imageUrl(answer))
    expect(isPng(await readFile(join(folder, 'made.png')))).toBe(true)
  }
)

it('curl edits, with --http2 as well', async () => {
  const { key } = await club.addUser()
  for (const options of [[], ['--http2']]) {
    const parts = ['-F', 'model=demo', '-F', 'prompt=in the snow', '-F', 'image=@photo.png', '-F', 'n=1']
    expect(imageUrl(await curl(key, ...options, `${club.baseUrl}/images/edits`, ...parts))).toMatch(/^http/)
  }
})

it('curl -f fails for a caller’s mistake, without it the error is printed', async () => {
  const { key } = await club.addUser()
  const call = [`${club.baseUrl}/images/generations`, ...json({ ...SMALL, model: 'nothing' })]
  await expect(curl(key, '-f', ...call)).rejects.toMatchObject({ code: 22 })
  expect(await curl(key, '-w', '%{http_code}', ...call)).toMatch(/"code":"no_provider".*404$/s)
})

it('curl --retry asks for failing work once more only where waiting helps', async () => {
  const user = await club.addUser()
  await curl(user.key, '--retry', '2', `${club.baseUrl}/images/generations`, ...json({ ...SMALL, size: 'big' }))
  expect(await club.requestsOf(user)).toHaveLength(0)
})

it('wget generates and downloads', async () => {
  const { key } = await club.addUser()
  const answer = await run(
    'wget',
    ...['-qO-', '--header', `Authorization: Bearer ${key}`, '--header', 'Content-Type: application/json'],
    ...['--post-data', JSON.stringify(SMALL), `${club.baseUrl}/images/generations`]
  )
  await run('wget', '-qO', 'fetched.png', imageUrl(answer))
  expect(isPng(await readFile(join(folder, 'fetched.png')))).toBe(true)
})

it('wget fails for a caller’s mistake', async () => {
  const { key } = await club.addUser()
  const call = run(
    'wget',
    '-qO-',
    '--tries=3',
    '--header',
    `Authorization: Bearer ${key}`,
    `${club.baseUrl}/jobs/req_nothing`
  )
  await expect(call).rejects.toMatchObject({ code: 8 })
})
