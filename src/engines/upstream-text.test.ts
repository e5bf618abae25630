import { describe, expect, it } from 'vitest'
import { sanitiseUpstreamText, upstreamErrorText } from './upstream-text.ts'

describe('sanitiseUpstreamText', () => {
  it.each([
    ['Invalid size: must be a multiple of 16', 'Invalid size: must be a multiple of 16'],
    ["Unknown parameter: 'response_format'.", "Unknown parameter: 'response_format'."],
    [
      'gpt-image-1.5 does not take image/png or std::bad_alloc',
      'gpt-image-1.5 does not take image/png or std::bad_alloc'
    ],
    ['took 12:30:45, ratio 3:1, 50 and/or 60', 'took 12:30:45, ratio 3:1, 50 and/or 60'],
    ['torch.cuda.OutOfMemoryError: CUDA out of memory', 'torch.cuda.OutOfMemoryError: CUDA out of memory'],
    ['the model black-forest-labs/FLUX.1-dev is not loaded', 'the model black-forest-labs/FLUX.1-dev is not loaded'],
    ['see https://help.example.com/a?key=1 for more', 'see [address] for more'],
    ['dial tcp 192.168.1.20:7860: refused', 'dial tcp [address]: refused'],
    ['host 10.0.0.4 is down.', 'host [address] is down.'],
    ['dial [::1]:8188 and fe80::1%eth0 failed', 'dial [address] and [address] failed'],
    ['connect ECONNREFUSED ::1', 'connect ECONNREFUSED [address]'],
    ['lookup gpu-box.lan on localhost', 'lookup [address] on [address]'],
    ['no route to gpu-box:7860 or my.gpu.example.com:443', 'no route to [address] or [address]'],
    ['ws://gpu-box:8188/ws broke', '[address] broke'],
    ['open /home/jo/models/sdxl.safetensors: no such file', 'open [path] no such file'],
    ['cannot open "/home/Jo Doe/models/x.bin" here', 'cannot open [path] here'],
    ['cannot open /home/Jo Doe/models/x.bin here', 'cannot open [path] [path] here'],
    ['File "C:\\Users\\Jo Doe\\sd\\run.py", line 3', 'File [path], line 3'],
    ['C:\\Users\\Jo Doe\\sd\\run.py broke', '[path] [path] broke'],
    ['\\\\nas\\share\\x missing', '[path] missing'],
    ['~/models/x and models/a/b/c', '[path] and [path]'],
    ['(/tmp/x.png)', '([path])'],
    ['Incorrect API key provided: sk-proj-ab***xyz.', 'Incorrect API key provided: [key]'],
    ['Authorization: Bearer abc.def rejected', 'Authorization: [key] rejected'],
    ['url?api_key=abc', 'url?[key]'],
    ['the key is plain-secret-word, sorry', 'the key is [key], sorry'],
    [' several\n\tlines \u0000 of\r\ntext ', 'several lines of text'],
    ['<html><body>nginx at 10.0.0.1</body></html>', 'The image server answered with a web page.'],
    ['', '']
  ])('%j', (text, shown) => {
    expect(sanitiseUpstreamText(text, ['plain-secret-word', ''])).toBe(shown)
  })

  it('keeps 300 characters and never half a character', () => {
    const shown = sanitiseUpstreamText('🖼'.repeat(400))
    expect(shown.length).toBeLessThanOrEqual(300)
    expect(shown.isWellFormed()).toBe(true)
    expect(shown.endsWith('…')).toBe(true)
  })

  it('stays quick on hostile text', () => {
    const hostile = ['a.', 'a/', ':1', '/', '~', 'a-', '[0:', '"/', '\\', 'sk-'].map((piece) => piece.repeat(1_000_000))
    for (const text of hostile) expect(sanitiseUpstreamText(text).length).toBeLessThanOrEqual(300)
  })
})

describe('upstreamErrorText', () => {
  it.each([
    ['{"error":{"message":"a"},"message":"b"}', 'a'],
    ['{"error":"a","message":"b"}', 'a'],
    ['{"error":{"code":1},"message":"a"}', 'a'],
    ['{"detail":{"msg":"a","type":"t"}}', 'a'],
    ['{"detail":"a"}', 'a'],
    ['{"detail":[{"loc":["body"],"msg":"a"}]}', 'a'],
    ['[{"error":{"message":"a"}}]', 'a'],
    ['plain words', 'plain words'],
    ['{"other":1}', ''],
    ['[]', ''],
    ['null', '']
  ])('%s', (body, text) => {
    expect(upstreamErrorText(body)).toBe(text)
  })
})
