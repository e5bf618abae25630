import type { PublicPicture } from '../../request-views/public-picture-store.ts'
import { picturePage, picturePageHeaders } from './picture-page.ts'

export const PUBLIC_HEADERS = picturePageHeaders({ formAction: "'self'", referrer: 'same-origin' })

/** As wide as a picture is shown at most, twice as fine. */
const SHOWN_WIDTH = 512

/** The HTML of the page of public pictures: no prompts, no names. `older`: where it goes on. */
export function publicPage(page: {
  pictures: readonly PublicPicture[]
  older: string | undefined
  basePath: string
}): string {
  const { pictures, older, basePath } = page
  const figures = pictures.map(({ id, width, height }) => {
    const address = `${basePath}/api/inference/assets/${id}/`
    return `<figure>
<a href="${address}"><img src="${address}?width=${SHOWN_WIDTH}" alt="Picture" width="${width}" height="${height}" loading="lazy" /></a>
</figure>`
  })
  return picturePage({
    title: 'Public pictures',
    main: figures.length === 0 ? '<p>There are no public pictures here.</p>' : figures.join('\n'),
    ...(older !== undefined && { after: `    <nav><a href="${older}">Older pictures</a></nav>` }),
    basePath
  })
}
