import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT, runInShell, startProgram } from '../support/run-program.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

let gateway: TestGateway
let user: TestUser
/** Somebody's home, with the program where docs/agent.md has it. */
let home: string
let keyLine: string
let unitLines: string

beforeAll(async () => {
  gateway = await startTestGateway()
  user = await gateway.addUser()
  home = await mkdtemp(join(tmpdir(), 'inference club home-'))
  await symlink(ROOT, join(home, 'inference.club'))
  const bin = join(home, 'bin')
  await mkdir(bin)
  for (const name of ['systemctl', 'loginctl']) {
    await writeFile(join(bin, name), `#!/bin/sh\necho ${name} "$@"\n`)
    await chmod(join(bin, name), 0o755)
  }
  const chapter = /^## As a service$([^]*?)^## /m.exec(await readFile(join(ROOT, 'docs/agent.md'), 'utf8'))?.[1] ?? ''
  ;[keyLine = '', unitLines = ''] = [...chapter.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, text = '']) => text)
})
afterAll(async () => {
  await gateway.close()
  await rm(home, { recursive: true })
})

const paste = (text: string) =>
  runInShell(text, { env: { HOME: home, PATH: `${join(home, 'bin')}${delimiter}${process.env.PATH}` }, cwd: home })

describe('the service of docs/agent.md', () => {
  it('has a key that is its own user’s alone, and runs', async () => {
    const pasted = keyLine.replace('cat >', `printf '%s\\n' ${user.key} >`)
    expect(await paste(pasted)).toMatchObject({ code: 0, stderr: '' })
    const config = join(home, '.config', 'inference-club')
    expect((await stat(join(config, 'key'))).mode & 0o777).toBe(0o600)
    await writeFile(
      join(config, 'agent.yaml'),
      `gateway: ${gateway.url}\napi_key_file: key\nname: rig\nservices:\n  - {name: p, type: image, engine: demo, models: [{id: as-a-service}]}\n`
    )

    expect(await paste(unitLines)).toEqual({
      code: 0,
      stdout:
        'systemctl --user daemon-reload\nsystemctl --user enable --now inference-club-agent\nloginctl enable-linger\n',
      stderr: ''
    })
    const unit = await readFile(join(home, '.config/systemd/user/inference-club-agent.service'), 'utf8')
    // As systemd takes it apart: at spaces, and then with the home in place of %h.
    const [program = '', ...args] = (/^ExecStart=(.*)$/m.exec(unit)?.[1] ?? '')
      .split(' ')
      .map((part) => part.replaceAll('%h', home))
    const agent = startProgram(args, { program, cwd: '/' })
    await agent.printed(/"models":\["as-a-service"\],"msg":"online"/)
    expect(agent.output()).not.toContain('can read the key')
    expect(await agent.stop()).toMatchObject({ code: 0 })
  })
})
