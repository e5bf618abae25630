import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { auditRemains, type Promised } from '../support/audit-remains.ts'
import { SMALL } from '../support/image-calls.ts'
import { databaseFile } from '../support/in-flight.ts'
import { readRemains, type Remains } from '../support/read-remains.ts'
import { startTestGateway } from '../support/test-gateway.ts'
import { auditFiles } from './audit-site.ts'

let dataDir: string
let promised: Promised[]
let remains: Remains

/** What two requests with three images in all have left. */
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'inference-club-audit-'))
  const gateway = await startTestGateway({ dataDir, syncFile: async () => undefined })
  const { client, key } = await gateway.addUser()
  await gateway.addAgent({ key, services: [{ concurrency: 3 }] })
  const ask = async (n: number) => {
    const answer = (await client.images.generate({ ...SMALL, n } as never)) as unknown as { request_id: string }
    return { id: answer.request_id, n }
  }
  promised = await Promise.all([ask(1), ask(2)])
  await gateway.close()
  remains = readRemains(dataDir)
})
afterAll(() => rm(dataDir, { recursive: true }))

/** What is wrong once the remains have been changed. */
const audited = (change: (of: Remains) => unknown, options = {}) => {
  const changed = structuredClone(remains)
  change(changed)
  return auditRemains(changed, promised, options)
}

describe('the audit of the database', () => {
  it('finds nothing wrong with what is right', () => {
    expect(audited(() => undefined)).toEqual([])
  })

  it('finds an accepted request that has vanished, and one that nobody was told of', () => {
    expect(audited((of) => (of.requests[0]!.id = 'req_other'))).toEqual([
      `the accepted request ${remains.requests[0]!.id} has vanished`,
      'nobody was told of the request req_other'
    ])
  })

  it('finds a request that has not come to its end, unless it may wait', () => {
    const waits = (of: Remains) => (of.requests[1]!.state = 'queued')
    expect(audited(waits)).toEqual([expect.stringContaining('has ended as queued')])
    expect(audited(waits, { mayWait: () => true })).toEqual([])
  })

  it('finds an image too many, one that two attempts have made, and an attempt that goes on', () => {
    expect(audited((of) => of.assets.push({ ...of.assets[0]!, id: 'ast_second' }))).toEqual([
      'the output ast_second lacks a finished image',
      'the output ast_second lacks a row of usage'
    ])
    const again = (state: string) => (of: Remains) => of.attempts.push({ ...of.attempts[0]!, id: 'att_again', state })
    expect(audited(again('succeeded'))).toEqual([expect.stringMatching(/made by \[.*,att_again\]/)])
    expect(audited(again('running'))).toEqual([expect.stringContaining('1 attempts of')])
  })

  it('finds an image that is counted twice, and one that is not counted', () => {
    expect(audited((of) => of.usage.push(of.usage[0]!))).toEqual([expect.stringContaining('has a row of usage twice')])
    expect(audited((of) => of.usage.pop())).toEqual([expect.stringContaining('lacks a row of usage')])
  })
})

describe('the audit of the files', () => {
  it('finds what is missing, damaged, or nobody’s', async () => {
    expect(await auditFiles(dataDir, remains)).toEqual({ orphans: 0, faults: [] })
    const [cut, gone, forgotten] = remains.assets
    const pathOf = (asset = cut) => join(dataDir, 'objects', asset!.storage_key)
    await truncate(pathOf(cut), 10)
    await rm(pathOf(gone))
    await writeFile(join(dataDir, 'unfinished', 'half'), 'of an image')
    const { faults } = await auditFiles(dataDir, remains)
    expect(faults.sort()).toEqual([
      ...[cut, gone].map((asset) => `the bytes of ${asset!.id} are missing or damaged`).sort(),
      'unfinished/half is left behind'
    ])
    const database = new DatabaseSync(databaseFile(dataDir))
    database.exec(`pragma foreign_keys = off; delete from assets where id = '${forgotten!.id}'`)
    database.close()
    expect((await auditFiles(dataDir, readRemains(dataDir))).orphans).toBe(1)
  })
})
