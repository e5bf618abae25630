import { describe, expect, it } from 'vitest'
import { describeBrowser } from './describe-browser.ts'

const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)'
const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)'

describe('describeBrowser', () => {
  it.each([
    [`${MAC} Chrome/130.0.0.0 Safari/537.36`, 'Chrome on macOS'],
    [`${MAC} Version/18.0 Safari/605.1.15`, 'Safari on macOS'],
    [`${MAC} Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0`, 'Edge on macOS'],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0', 'Firefox on Linux'],
    ['Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0.0.0 Mobile Safari/537.36', 'Chrome on Android'],
    ['curl/8.5.0', 'curl'],
    ['something else', 'Unknown browser'],
    [null, 'Unknown browser']
  ])('reads %j', (userAgent, name) => {
    expect(describeBrowser(userAgent).name).toBe(name)
  })

  it('knows phones', () => {
    expect(describeBrowser(`${IPHONE} CriOS/130.0 Mobile/15E148 Safari/604.1`)).toEqual({
      name: 'Chrome on iPhone',
      isPhone: true
    })
    expect(describeBrowser(`${MAC} Chrome/130.0.0.0 Safari/537.36`).isPhone).toBe(false)
  })
})
