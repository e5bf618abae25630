export interface RenderedGuide {
  /** Of its first heading, as text of HTML. */
  title: string
  html: string
}

/**
 * A document of `docs/` as HTML. Headings have the ids that the documents' links use, as on GitHub. A link to another guide
 * leads to it, by `addressOf` its path as the document spells it, without its ending, and one to any other file of the repository is
 * its text alone. So it is with pictures, by their paths with the ending.
 */
export async function renderGuide(
  markdown: string,
  addressOf: (path: string) => string | undefined
): Promise<RenderedGuide> {
  // When somebody first reads a guide: no start waits for it.
  const { marked } = await import('marked')
  const html = marked.parse(markdown, { async: false, gfm: true })
  const slugs = new Map<string, number>()
  const finished = html
    .replace(/<h([1-6])>([^]*?)<\/h\1>/g, (_whole, depth: string, text: string) => {
      return `<h${depth} id="${uniqueSlug(text, slugs)}">${text}</h${depth}>`
    })
    .replace(/<a href="([^"]*)"([^>]*)>([^]*?)<\/a>/g, (whole, target: string, rest: string, text: string) => {
      if (/^(https?:|#)/.test(target)) return whole
      const [, path = '', fragment = ''] = /^([\w./-]+)\.md(#[\w-]+)?$/.exec(target) ?? []
      const address = addressOf(path)
      return address === undefined ? text : `<a href="${address}${fragment}"${rest}>${text}</a>`
    })
    .replace(/<img src="([^"]*)" alt="([^"]*)"[^>]*>/g, (_whole, target: string, alt: string) => {
      const address = addressOf(target)
      return address === undefined ? alt : `<img src="${address}" alt="${alt}" loading="lazy">`
    })
    // What is wider than the page scrolls by itself, also by keyboard.
    .replaceAll('<table>', '<div class="wide" tabindex="0"><table>')
    .replaceAll('</table>', '</table></div>')
    .replaceAll('<pre>', '<pre tabindex="0">')
  return { title: textOf(/<h1[^>]*>([^]*?)<\/h1>/.exec(finished)?.[1] ?? ''), html: finished }
}

function uniqueSlug(html: string, seen: Map<string, number>): string {
  const slug = textOf(html)
    .replace(/&[a-z0-9#]+;/g, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_\- ]/gu, '')
    .replaceAll(' ', '-')
  const times = seen.get(slug) ?? 0
  seen.set(slug, times + 1)
  return times === 0 ? slug : `${slug}-${times}`
}

const textOf = (html: string): string => html.replace(/<[^>]*>/g, '')
