import { createHash } from 'node:crypto'

const STYLES = `
:root { color-scheme: light dark; }
body { margin: 0; padding: 1.25rem; font: 15px/1.6 system-ui, sans-serif; }
header, nav { display: flex; align-items: center; gap: .6rem; margin: 0 auto 1.25rem; max-width: 90rem; }
nav { margin: 1.25rem auto 0; }
header img { border-radius: .3rem; }
header span { font-weight: 600; }
main { display: flex; flex-wrap: wrap; align-items: start; gap: 1rem; margin: 0 auto; max-width: 90rem; }
main > a, figure { flex: 0 1 28rem; min-width: min(100%, 16rem); margin: 0; }
figure { flex-basis: 16rem; }
@media (max-width: 36rem) { figure { flex-basis: 100%; } }
main img { display: block; width: 100%; height: auto; border-radius: .75rem; background: #8883; }
main:has(> a) { justify-content: center; }
main > a:only-child { flex-basis: 64rem; }
main > a:only-child img { width: auto; max-width: 100%; max-height: calc(100vh - 7rem); margin: 0 auto; }
summary { cursor: pointer; font-size: 13px; opacity: .7; }
form { display: grid; grid-template-columns: minmax(0, 1fr); gap: .5rem; padding: .5rem 0; }
select, textarea, button { font: inherit; max-width: 100%; box-sizing: border-box; padding: .35rem .6rem; border: 1px solid #8888; border-radius: .5rem; }
select { background: Field; color: FieldText; }
button { cursor: pointer; }
a:focus-visible, summary:focus-visible, button:focus-visible { outline: 3px solid; outline-offset: 2px; }
`

/**
 * What a page of pictures for people without an account may load: pictures alone, and its own styles. They may lie elsewhere (a
 * bucket, a content delivery network). Nothing runs there, and no search engine keeps it. `formAction`: where its forms may be sent.
 */
export const picturePageHeaders = ({ formAction, referrer }: { formAction: string; referrer: string }) => ({
  'content-security-policy': `default-src 'none'; img-src 'self' https: http:; style-src 'sha256-${createHash('sha256').update(STYLES).digest('base64')}'; base-uri 'none'; form-action ${formAction}; frame-ancestors 'none'`,
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': referrer,
  'x-robots-tag': 'noindex, nofollow',
  'cache-control': 'private, no-store'
})

/** The HTML around pictures; what is given is HTML already, and becomes a part of it as it is. */
export const picturePage = (page: { title: string; main: string; after?: string; basePath: string }): string =>
  `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="robots" content="noindex, nofollow" />
    <title>${page.title} · inference.club</title>
    <link rel="icon" href="${page.basePath}/favicon.svg" type="image/svg+xml" />
    <style>${STYLES}</style>
  </head>
  <body>
    <header>
      <img src="${page.basePath}/favicon.svg" alt="" width="24" height="24" />
      <span>inference.club</span>
    </header>
    <main>
${page.main}
    </main>
${page.after ?? ''}
  </body>
</html>
`
