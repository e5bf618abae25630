import { describe, expect, it } from 'vitest'
import { judgeLink } from './linked-image.ts'
import { readAddress } from '../upstream-address.ts'

const judge = (url: string, { server = 'https://images.example.org', downloadFrom = [] as string[] } = {}) => {
  const address = readAddress(server, '/v1')
  return judgeLink(url, address.urlOf('/'), { address, downloadFrom })
}

describe('a link to an image', () => {
  it.each([
    ['/a.png', 'https://images.example.org', 'https://images.example.org/a.png'],
    ['https://images.example.org/a.png', 'https://images.example.org', 'https://images.example.org/a.png'],
    ['http://localhost:8000/a.png', 'http://127.0.0.1:8000', 'http://127.0.0.1:8000/a.png'],
    ['http://0.0.0.0:8000/a.png', 'http://localhost:8000', 'http://localhost:8000/a.png'],
    ['http://127.0.0.1:8000/a.png', 'http://[::1]:8000', 'http://[::1]:8000/a.png']
  ])('%s of %s is its own', (url, server, fetched) => {
    expect(judge(url, { server })).toEqual({ url: fetched, reach: 'own' })
  })

  it.each([
    ['http://localhost:9000/a.png', 'http://127.0.0.1:8000', []],
    ['http://192.168.1.20:9000/a.png', 'https://images.example.org', ['192.168.1.20:9000']],
    ['http://192.168.1.20:9001/a.png', 'https://images.example.org', ['192.168.1.20']],
    ['https://CDN.example.net/a.png', 'https://images.example.org', ['cdn.Example.net']]
  ])('%s of %s with %j is fetched without the key', (url, server, downloadFrom) => {
    expect(judge(url, { server, downloadFrom }).reach).toBe('listed')
  })

  it.each(['https://cdn.example.net/a.png', 'http://images.example.org/a.png', 'https://93.184.216.34/a.png'])(
    '%s is fetched at public addresses only',
    (url) => {
      expect(judge(url).reach).toBe('public')
    }
  )

  it.each([
    ['http://127.0.0.1/a.png', []],
    ['http://[::1]/a.png', []],
    ['http://[::ffff:10.0.0.1]/a.png', []],
    ['http://169.254.169.254/latest', []],
    ['http://192.168.1.20:9001/a.png', ['192.168.1.20:9000']],
    ['ftp://cdn.example.net/a.png', ['cdn.example.net']],
    ['https://a:b@cdn.example.net/a.png', ['cdn.example.net']],
    ['http://', []]
  ])('%s with %j is not fetched', (url, downloadFrom) => {
    expect(() => judge(url, { downloadFrom })).toThrow(expect.objectContaining({ fault: 'bad_output' }))
  })
})
