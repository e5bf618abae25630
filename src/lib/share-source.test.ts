import { expect, it } from 'vitest'
import { shareSource } from './share-source.ts'

/** Sources that tell what the test says, and what became of them. */
function controlled() {
  const started: string[] = []
  const closed: string[] = []
  const tells = new Map<string, (news: string) => void>()
  const shared = shareSource<string>((key, tell) => {
    started.push(key)
    tells.set(key, tell)
    return {
      ready: Promise.resolve(),
      present: () => (key === 'silent' ? undefined : `present ${key}`),
      close: async () => void closed.push(key)
    }
  })
  return { shared, started, closed, tell: (key: string, news: string) => tells.get(key)?.(news) }
}

it('runs one source per key, from the first listener to the last', async () => {
  const { shared, started, closed, tell } = controlled()
  const one: string[] = []
  const two: string[] = []
  const other: string[] = []
  const first = shared.join('a', (news) => one.push(news))
  const second = shared.join('a', (news) => two.push(news))
  const third = shared.join('silent', (news) => other.push(news))
  await Promise.all([first.ready, second.ready, third.ready])
  expect(started).toEqual(['a', 'silent'])
  tell('a', 'news')
  await first.leave()
  tell('a', 'more')
  expect([one, two, other]).toEqual([['present a', 'news'], ['present a', 'news', 'more'], []])
  expect(closed).toEqual([])
  await second.leave()
  await second.leave()
  expect(closed).toEqual(['a'])
  await shared.join('a', () => undefined).leave()
  expect(started).toEqual(['a', 'silent', 'a'])
})

it('tells the same listener as often as it has joined', async () => {
  const { shared, closed, tell } = controlled()
  const heard: string[] = []
  const listener = (news: string) => void heard.push(news)
  const joined = [shared.join('silent', listener), shared.join('silent', listener)]
  tell('silent', 'news')
  expect(heard).toEqual(['news', 'news'])
  await joined[0]?.leave()
  expect(closed).toEqual([])
  tell('silent', 'last')
  expect(heard).toEqual(['news', 'news', 'last'])
})
