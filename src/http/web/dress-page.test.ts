import { expect, it } from 'vitest'
import { dressPage, webManifest } from './dress-page.ts'

const PAGE = `<title>API reference · inference.club</title>
<link rel="icon" href="/club/favicon.svg" type="image/svg+xml" />
<img src="/club/favicon.svg" alt="" /><span>inference.club</span>`

it('names the club as text, whatever its name holds', () => {
  const name = '</title><script>alert("$&")</script>\'s'
  const safe = '&lt;/title&gt;&lt;script&gt;alert(&quot;$&amp;&quot;)&lt;/script&gt;&#39;s'
  const dressed = dressPage(PAGE, { name, picture: null, basePath: '/club' })
  expect(dressed).toBe(PAGE.replaceAll('inference.club<', () => `${safe}<`))
})

it('shows its picture, when it has one', () => {
  const dressed = dressPage(PAGE, { name: 'inference.club', picture: '/picture?v=1', basePath: '/club' })
  expect(dressed).toContain('<link rel="icon" href="/club/picture?v=1" type="image/png" />')
  expect(dressed).toContain('<img src="/club/picture?v=1" alt="" />')
  expect(dressed).not.toContain('favicon.svg')
})

it('tells a browser what to call the program, and which icon it has', () => {
  const club = { name: 'Ada’s', picture: null, basePath: '' }
  expect(webManifest(club)).toMatchObject({ name: 'Ada’s', start_url: '/', icons: [{ type: 'image/svg+xml' }] })
  expect(webManifest({ ...club, picture: '/p' })).toMatchObject({ icons: [{ src: '/p', type: 'image/png' }] })
})
