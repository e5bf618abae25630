import { expect, it } from 'vitest'
import { createLiveProgress, type LiveEvent } from './live-progress.ts'

const step = (position: number, at: number): LiveEvent => ({ type: 'progress', position, step: at, steps: 20 })
const preview = (position: number, b64: string): LiveEvent => ({
  type: 'preview',
  position,
  mediaType: 'image/webp',
  b64
})
const OF_ADA = { requestId: 'req_a', userId: 'ada' }
const OF_BEN = { requestId: 'req_b', userId: 'ben' }

it('tells whoever comes later the latest of each image that is being made', () => {
  const live = createLiveProgress()
  for (const event of [step(0, 1), preview(0, 'old'), step(0, 2), step(1, 1), preview(0, 'new')]) {
    live.publish(OF_ADA, event)
  }
  live.publish(OF_BEN, step(0, 9))
  const heard: LiveEvent[] = []
  live.subscribe('req_a', (event) => heard.push(event))
  expect(heard).toEqual([step(0, 2), preview(0, 'new'), step(1, 1)])
  const ofAda: string[] = []
  live.subscribeAll('ada', (id, event) => ofAda.push(`${id} ${event.type} ${event.position}`))
  expect(ofAda).toEqual(['req_a progress 0', 'req_a preview 0', 'req_a progress 1'])
  const ofAll: string[] = []
  live.subscribeAll(undefined, (id) => ofAll.push(id))
  expect(new Set(ofAll)).toEqual(new Set(['req_a', 'req_b']))
})

it('says nothing of images that are not being made any more', () => {
  const live = createLiveProgress()
  live.publish(OF_ADA, step(0, 1))
  live.publish(OF_ADA, step(1, 1))
  live.forget({ requestId: 'req_a', position: 0 })
  const heard: LiveEvent[] = []
  const stop = live.subscribe('req_a', (event) => heard.push(event))
  expect(heard).toEqual([step(1, 1)])
  live.publish(OF_ADA, step(1, 2))
  stop()
  live.publish(OF_ADA, step(1, 3))
  expect(heard).toEqual([step(1, 1), step(1, 2)])
})
