import { expect, it } from 'vitest'
import { findTransactions } from './support/source-transactions.ts'

/** Transactions that take no lock, and why they need none. */
const WITHOUT: Record<string, string> = {
  'auth/api-key-store.ts touchKeys': 'writes times and looks at nothing',
  'people/account-store.ts eraseSignIns': 'removes what is there of somebody who is gone, whatever it is',
  'people/person-adapter-store.ts createPersonAdapter':
    'writes new rows; an address and an invitation are taken by one guarded statement each',
  'people/person-store.ts claim': 'the link is taken by one guarded statement, the address by its unique index',
  'people/person-store.ts join': 'the address and the link are taken by one guarded statement each',
  'people/person-store.ts setDisabled': 'writes and looks at nothing',
  'providers/block-store.ts insertBlock': 'looks whether there is somebody, and rows of people are never deleted',
  'providers/provider-store.ts graceOnline':
    'begins a gateway; what it looks at are times that only tell who may be back soon',
  'requests/adopt-image.ts adoptImage': 'writes new rows and looks at nothing',
  'requests/follow-clock.ts followClock':
    'each statement moves what it finds; a database that others use has its own clock',
  'requests/note-progress.ts noteProgress': 'writes hints and looks at nothing',
  'usage/roll-up-store.ts rollUp': 'one guarded statement takes the images that are added up',
  'usage/usage-totals-store.ts sumUsage': 'reads only'
}

const transactions = findTransactions()

it('every transaction begins with a lock or is known to need none', () => {
  expect(transactions.length).toBeGreaterThan(30)
  const without = transactions.filter(({ beginsWithLock }) => !beginsWithLock).map(({ name }) => name)
  expect(without.sort()).toEqual(Object.keys(WITHOUT).sort())
})

it('transactions can be told apart by their names', () => {
  const names = transactions.map(({ name }) => name)
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
})
