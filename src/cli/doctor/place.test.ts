import { expect, it } from 'vitest'
import { asUrl } from './place.ts'

it.each([
  ['http://127.0.0.1:1234/v1', 'http://127.0.0.1:1234/v1'],
  ['127.0.0.1:1234', 'http://127.0.0.1:1234'],
  ['127.0.0.1:1234/v1/', 'http://127.0.0.1:1234/v1/'],
  ['localhost:7860', 'http://localhost:7860'],
  ['localhost', 'http://localhost'],
  ['192.168.1.20', 'http://192.168.1.20'],
  ['[::1]:8188', 'http://[::1]:8188'],
  ['gpu-box:8188/prefix', 'http://gpu-box:8188/prefix'],
  ['me:pa%40ss@127.0.0.1:1234', 'http://me:pa%40ss@127.0.0.1:1234'],
  ['me:pass@localhost', 'http://me:pass@localhost'],
  ['me:pass@gpu-box:8188/prefix', 'http://me:pass@gpu-box:8188/prefix'],
  ['me@home/agent.yaml', undefined],
  ['127.0.0.1:99999', undefined],
  ['agent.yaml', undefined],
  ['./rigs/agent.yaml', undefined],
  ['C:\\rigs\\agent.yaml', undefined],
  ['gpu-box', undefined]
])('%j is the address %j', (text, url) => {
  expect(asUrl(text)).toBe(url)
})
