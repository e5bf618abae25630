import { describe, expect, it } from 'vitest'
import { callLimits } from '../../../lib/call-limits.ts'
import { checkSourceFile } from './check-source-file.ts'

const file = (...parts: BlobPart[]) => new File(parts, 'fox.png')
const PNG = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10, 0)

describe('checkSourceFile', () => {
  it('takes png, jpeg and webp by their content', async () => {
    expect(await checkSourceFile(file(PNG))).toBeUndefined()
    expect(await checkSourceFile(file(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0)))).toBeUndefined()
    expect(await checkSourceFile(file('RIFF', Uint8Array.of(1, 2, 3, 4), 'WEBPVP8 '))).toBeUndefined()
  })

  it('says what is wrong with others', async () => {
    expect(await checkSourceFile(file())).toBe('fox.png is empty.')
    expect(await checkSourceFile(file('GIF89a'))).toBe('fox.png is not a png, jpeg or webp image.')
    expect(await checkSourceFile(file('RIFF1234WAVE'))).toBe('fox.png is not a png, jpeg or webp image.')
    expect(await checkSourceFile(file(PNG, new Uint8Array(callLimits().maxUploadBytes)))).toBe(
      'fox.png is 26 MiB. Images may have up to 25 MiB.'
    )
  })
})
