import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DataDirInUse, lockDataDir } from './data-dir-lock.ts'
import { DataDirUnusable } from './data-dir-unusable.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'data dir lock-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** Another process that locks the folder and holds it until it is killed. */
async function lockElsewhere() {
  const main = fileURLToPath(new URL('data-dir-lock.ts', import.meta.url))
  const program = `
    const { lockDataDir } = await import(${JSON.stringify(main)})
    await lockDataDir(${JSON.stringify(folder)})
    console.log('locked')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  await once(child.stdout, 'data')
  return {
    kill: async () => {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    }
  }
}

it('lets one in at a time', async () => {
  const unlock = await lockDataDir(folder)
  await expect(lockDataDir(folder)).rejects.toThrow(DataDirInUse)
  await expect(lockDataDir(folder)).rejects.toThrow(folder)
  unlock()
  const unlockAgain = await lockDataDir(folder)
  unlockAgain()
})

it('makes the folder, and says nothing about others', async () => {
  const unlock = await lockDataDir(join(folder, 'new', 'data'))
  const unlockOther = await lockDataDir(join(folder, 'other'))
  unlock()
  unlockOther()
})

it('holds against another process, and ends with it even when that is killed', async () => {
  const other = await lockElsewhere()
  try {
    await expect(lockDataDir(folder)).rejects.toThrow(DataDirInUse)
  } finally {
    await other.kill()
  }
  const unlock = await lockDataDir(folder)
  unlock()
})

it('does not call it in use when the folder cannot be made', async () => {
  const unlock = await lockDataDir(folder)
  unlock()
  const failure = await lockDataDir(join(folder, 'gateway.lock', 'below a file')).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(Error)
  expect(failure).not.toBeInstanceOf(DataDirInUse)
})

describe('a file system that does not lock files', () => {
  // What SQLite makes of ENOLCK ("database is locked"), of EOPNOTSUPP, ENOSYS and EINVAL, and of EPERM.
  it.each([5, 3850, 3])('is not taken for another gateway (error %d)', async (errcode) => {
    const lockFile = () => {
      throw Object.assign(new Error('no locks here'), { errcode })
    }
    const failure = await lockDataDir(folder, lockFile).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(DataDirUnusable)
    expect(failure).not.toBeInstanceOf(DataDirInUse)
    expect(String(failure)).toContain(`The file system of ${folder} does not lock files`)
    expect(String(failure)).toContain('INFERENCE_CLUB_DATA_DIR')
  })

  it('is told apart by a look at another file, of which nothing is left', async () => {
    const other = await lockElsewhere()
    try {
      await expect(lockDataDir(folder)).rejects.toThrow(DataDirInUse)
    } finally {
      await other.kill()
    }
    expect((await readdir(folder)).filter((name) => !/^gateway\.lock(-journal)?$/.test(name))).toEqual([])
  })
})
