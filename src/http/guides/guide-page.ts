/** What a page of a guide may load: styles, the font and the script of the theme of this server, and nothing else. */
export const GUIDE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-cache'
}

/**
 * A page around a guide's HTML, with the bar of the API's reference; the club's name and picture are put into it as into
 * the built pages. `title` and `body` are HTML; `stylesheet` is the dashboard's own, when it is built.
 */
export function guidePage(page: {
  title: string
  body: string
  basePath: string
  stylesheet: string | undefined
}): string {
  const { title, body, basePath, stylesheet } = page
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${title} · inference.club</title>
    <link rel="icon" href="${basePath}/favicon.svg" type="image/svg+xml" />
    <script src="${basePath}/theme.js"></script>
    ${stylesheet === undefined ? '' : `<link rel="stylesheet" href="${stylesheet}" />`}
    <link rel="stylesheet" href="${basePath}/guides/guides.css" />
  </head>
  <body class="guide">
    <header class="bar">
      <a class="home" href="${basePath}/">
        <img src="${basePath}/favicon.svg" alt="" width="24" height="24" />
        <span>inference.club</span>
      </a>
      <nav aria-label="Reading"><a href="${basePath}/guides">Guides</a><a href="${basePath}/docs">API reference</a></nav>
      <a class="back" href="${basePath}/">Back to the dashboard</a>
    </header>
    <main>
${body}
    </main>
  </body>
</html>
`
}

/** In the colours of the dashboard's theme, light and dark. */
export const GUIDE_STYLES = `
.guide { font-size: 15px; line-height: 1.6; }
.guide main img { max-width: 100%; height: auto; }
.guide main { max-width: 54rem; margin: 0 auto; padding: 0 1.25rem; }
.guide main { padding-bottom: 5rem; overflow-wrap: break-word; }
.guide h1 { font-size: 1.75rem; line-height: 1.25; font-weight: 650; margin: 2rem 0 1rem; }
.guide h2 { font-size: 1.25rem; font-weight: 650; margin: 2.25rem 0 .75rem; }
.guide h3 { font-size: 1.05rem; font-weight: 650; margin: 1.5rem 0 .5rem; }
.guide p, .guide ul, .guide ol, .guide dl, .guide pre, .guide .wide { margin: .75rem 0; }
.guide ul { list-style: disc; padding-left: 1.4rem; }
.guide ol { list-style: decimal; padding-left: 1.4rem; }
.guide li { margin: .25rem 0; }
.guide main a { color: var(--accent); text-decoration: underline; text-underline-offset: 2px; }
.guide code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .875em; background: var(--sunken); border-radius: .3rem; padding: .1em .3em; }
.guide pre { background: var(--sunken); border: 1px solid var(--line); border-radius: .75rem; padding: 1rem; overflow-x: auto; line-height: 1.5; }
.guide pre code { background: none; padding: 0; }
.guide .wide { overflow-x: auto; }
.guide table { border-collapse: collapse; width: 100%; font-size: .925em; }
.guide th, .guide td { border-bottom: 1px solid var(--line); padding: .5rem .75rem .5rem 0; text-align: left; vertical-align: top; min-width: 6rem; }
.guide th { font-weight: 600; }
.guide dt { margin-top: .75rem; font-weight: 600; }
.guide dd { margin: 0; color: var(--muted); }
`
