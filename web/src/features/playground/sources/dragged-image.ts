/** What is dragged within the page: an image that is stored already needs no upload. */
const TYPE = 'application/x-inference-club-image'

export const dragImage = (data: DataTransfer, assetId: string): void => data.setData(TYPE, assetId)
export const draggedImage = (data: DataTransfer): string | undefined => data.getData(TYPE) || undefined

/** Whether something is dragged that can become a source image; what exactly is known only when it is dropped. */
export const holdsImages = ({ types }: DataTransfer): boolean => types.includes('Files') || types.includes(TYPE)

/** The images on a clipboard. Programs that copy text put a picture of it beside it: then the text is meant. */
export function pastedImages(data: DataTransfer): File[] {
  if (data.types.includes('text/plain')) return []
  return [...data.files].filter(({ type }) => type.startsWith('image/'))
}
