import { createHash } from 'node:crypto'
import type { SharedImage } from '../../requests/share-link-store.ts'

const STYLES = `
:root { color-scheme: light dark; }
body { margin: 0; padding: 1.25rem; font: 15px/1.6 system-ui, sans-serif; }
header { display: flex; align-items: center; gap: .6rem; margin: 0 auto 1.25rem; max-width: 90rem; }
header img { border-radius: .3rem; }
header span { font-weight: 600; }
main { display: flex; flex-wrap: wrap; gap: 1rem; margin: 0 auto; max-width: 90rem; }
main a { flex: 0 1 28rem; min-width: min(100%, 16rem); }
main img { display: block; width: 100%; height: auto; border-radius: .75rem; background: #8883; }
a:focus-visible { outline: 3px solid; outline-offset: 2px; }
`

/**
 * What the page of a share link may load: pictures alone, and its own styles. They may lie elsewhere (a bucket, a content delivery
 * network). Nothing runs there, nobody is sent on from it with its address, and no search engine keeps it.
 */
export const SHARE_HEADERS = {
  'content-security-policy': `default-src 'none'; img-src 'self' https: http:; style-src 'sha256-${createHash('sha256').update(STYLES).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-robots-tag': 'noindex, nofollow',
  'cache-control': 'private, no-store'
}

/** As wide as a picture is shown at most, twice as fine. */
const SHOWN_WIDTH = 1024

/**
 * The HTML of a share link's page: the pictures, and not what was asked for. Without any the link leads nowhere, or nowhere any
 * more. `addressOf` makes addresses that hold nothing that means anything in HTML.
 */
export function sharePage(page: {
  images: readonly SharedImage[]
  addressOf: (image: SharedImage, width?: number) => string
  basePath: string
}): string {
  const { images, addressOf, basePath } = page
  const count = images.length === 1 ? '1 picture' : `${images.length} pictures`
  const pictures = images.map((image, index) => {
    const { width, height } = image
    const alt = `Picture ${index + 1} of ${images.length}`
    return `<a href="${addressOf(image)}"><img src="${addressOf(image, SHOWN_WIDTH)}" alt="${alt}" width="${width}" height="${height}" loading="lazy" /></a>`
  })
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="robots" content="noindex, nofollow" />
    <title>${images.length === 0 ? 'No pictures' : count} · inference.club</title>
    <link rel="icon" href="${basePath}/favicon.svg" type="image/svg+xml" />
    <style>${STYLES}</style>
  </head>
  <body>
    <header>
      <img src="${basePath}/favicon.svg" alt="" width="24" height="24" />
      <span>inference.club</span>
    </header>
    <main>
${images.length === 0 ? '<p>This link leads to no pictures, or not any more. Ask whoever sent it for a new one.</p>' : pictures.join('\n')}
    </main>
  </body>
</html>
`
}
