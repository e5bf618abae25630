import type { AssetRow } from '../../assets/asset-store.ts'
import { picturePage, picturePageHeaders } from './picture-page.ts'

/** What is shown of an image to whoever has a link to it. */
export type SharedImage = Pick<AssetRow, 'id' | 'width' | 'height'>

/** Nobody is sent on from it with its address, which is the key to the pictures. */
export const SHARE_HEADERS = picturePageHeaders({ formAction: "'none'", referrer: 'no-referrer' })

/** As wide as a picture is shown at most, twice as fine: one alone, and one among others. */
const [WIDTH_ALONE, WIDTH_AMONG] = [2048, 1024]

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
  const shownWidth = images.length === 1 ? WIDTH_ALONE : WIDTH_AMONG
  const pictures = images.map((image, index) => {
    const { width, height } = image
    const alt = `Picture ${index + 1} of ${images.length}`
    return `<a href="${addressOf(image)}"><img src="${addressOf(image, shownWidth)}" alt="${alt}" width="${width}" height="${height}" loading="lazy" /></a>`
  })
  return picturePage({
    title: images.length === 0 ? 'No pictures' : count,
    main:
      images.length === 0
        ? '<p>This link leads to no pictures, or not any more. Ask whoever sent it for a new one.</p>'
        : pictures.join('\n'),
    basePath
  })
}
