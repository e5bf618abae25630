import { expect, it } from 'vitest'
import { checkRepository } from './check-repository.ts'

const PATH = 'https://git.example.org/'

it.each([
  '',
  'https://git.example.org/club/inference.club.git',
  'http://10.0.0.7:3000/inference.club',
  'ssh://git@git.example.org:2222/club.git',
  'git://git.example.org/club.git',
  'git@git.example.org:club/inference.club.git',
  PATH + 'x'.repeat(300 - PATH.length)
])('takes %j', (text) => {
  expect(checkRepository(text)).toBeUndefined()
})

it.each([
  ['club.git', /URL/],
  ['/srv/club.git', /URL/],
  ['file:///srv/club.git', /URL/],
  ['ext::sh', /URL/],
  ['-oProxyCommand@host:x', /URL/],
  ['https://git.example.org', /path/],
  ['https://git.example.org/', /path/],
  ['https://token@git.example.org/club.git', /user name/],
  ['ssh://git:secret@git.example.org/club.git', /password/],
  ['https://git.example.org/a;rm', /letters/],
  ['https://git.example.org/$(id)', /letters/],
  ['https://git.example.org/a b', /letters/],
  ["https://git.example.org/a'b", /letters/],
  ['https://git.example.org/a\nb', /letters/],
  ['https://git.example.org/a?b', /letters/],
  [PATH + 'x'.repeat(301 - PATH.length), /300/]
])('refuses %j', (text, problem) => {
  expect(checkRepository(text)).toMatch(problem)
})
