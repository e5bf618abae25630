import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeFolder } from './folders.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'folders-'))
})
afterEach(() => rm(root, { recursive: true }))

it('syncs every folder that has a new one in it, and no other', async () => {
  const synced: string[] = []
  const sync = async (path: string) => void synced.push(path)
  const deep = join(root, 'a', 'b', 'c')
  await makeFolder(deep, sync)
  expect((await stat(deep)).isDirectory()).toBe(true)
  expect(synced).toEqual([root, join(root, 'a'), join(root, 'a', 'b')])
  await makeFolder(deep, sync)
  expect(synced).toHaveLength(3)
  await makeFolder(join(root, 'a', 'other'), sync)
  expect(synced.slice(3)).toEqual([join(root, 'a')])
})

it('is made by two at once', async () => {
  const deep = join(root, 'a', 'b', 'c')
  await Promise.all([makeFolder(deep), makeFolder(deep)])
  expect((await stat(deep)).isDirectory()).toBe(true)
})

it.each(['/dev/null/data', '/proc/none/data'])('says no where there can be none: %s', async (path) => {
  await expect(makeFolder(path)).rejects.toThrow(/E[A-Z]+/)
})
