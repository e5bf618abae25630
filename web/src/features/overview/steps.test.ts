import { expect, it } from 'vitest'
import { stepsOf } from './steps.ts'

const TODO = { hasKey: false, hasProvider: true, hasImage: false, hasFriend: null }

it('leaves out what a reader may not do, and takes nothing for done that is not', () => {
  expect(stepsOf(TODO, { hasMachines: true }).map(({ title, isDone }) => [title, isDone])).toEqual([
    ['Make an image', false],
    ['Connect your GPU', true],
    ['Create an API key', false]
  ])
  expect(stepsOf({ ...TODO, hasFriend: false }, { hasMachines: true })).toContainEqual(
    expect.objectContaining({ title: 'Invite a friend', to: '/admin/people', dialog: 'invite' })
  )
})

it('begins with connecting a machine where there is none', () => {
  const steps = stepsOf({ ...TODO, hasProvider: false, hasFriend: false }, { hasMachines: false })
  expect(steps.map(({ title }) => title)).toEqual([
    'Connect your GPU',
    'Make an image',
    'Invite a friend',
    'Create an API key'
  ])
})
