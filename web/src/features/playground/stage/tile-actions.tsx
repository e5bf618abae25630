import { Download, EllipsisVertical, ImagePlus, LockKeyhole, Pencil } from 'lucide-react'
import type { ImageInfo, RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import { IconButton } from '../../../components/ui/icon-button.tsx'
import { Menu } from '../../../components/ui/menu.tsx'
import { tellError } from '../../../components/ui/toaster.tsx'
import { downloadImages } from '../../../lib/download-image.ts'
import { messageOf } from '../../../lib/fetch-json.ts'
import type { StageActions } from './stage-actions.ts'
import { useTakesSeed } from '../../../lib/features-of.ts'

export interface TileActionsProps {
  request: RequestSummary
  image: ImageInfo
  actions: StageActions
  /** For fingers there is room for one button only. */
  small: boolean
  /** There is room for one button only. */
  bare: boolean
}

/** With a mouse they show when it is over the image; for fingers they are always there, on small images one for all. */
export function TileActions({ request, image, actions, small, bare }: TileActionsProps) {
  const isOneOfMany = request.n > 1
  const which = isOneOfMany ? ` ${image.position + 1}` : ''
  const takesSeed = useTakesSeed(request.model)
  const { seed } = image
  const button = { look: 'secondary', size: 'small', className: small ? 'pointer-coarse:hidden' : '' } as const
  const download = () =>
    void downloadImages(request, [image]).catch((error: unknown) =>
      tellError('Nothing was downloaded', messageOf(error))
    )
  return (
    <div className="absolute right-2 bottom-2 flex gap-1 transition-opacity group-focus-within:opacity-100! has-data-popup-open:opacity-100! pointer-fine:opacity-0 pointer-fine:group-hover:opacity-100">
      {!bare && (
        <>
          <IconButton {...button} icon={Download} label={`Download image${which}`} onClick={download} />
          <IconButton {...button} icon={Pencil} label={`Edit this image${which}`} onClick={() => actions.edit(image)} />
        </>
      )}
      <Menu
        trigger={<IconButton icon={EllipsisVertical} look="secondary" size="small" label={`More for image${which}`} />}
        entries={[
          { label: 'Edit this image', icon: Pencil, onSelect: () => actions.edit(image) },
          { label: 'Add to the source images', icon: ImagePlus, onSelect: () => actions.addSource(image) },
          { label: 'Download', icon: Download, onSelect: download },
          ...(seed === null || !takesSeed
            ? []
            : [{ label: `Use its seed (${seed})`, icon: LockKeyhole, onSelect: () => actions.useSeed(seed) }])
        ]}
      />
    </div>
  )
}
