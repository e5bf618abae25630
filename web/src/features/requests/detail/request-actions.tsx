import { Link } from '@tanstack/react-router'
import { Ban, Download, ImagePlus, Images, MoreHorizontal, Pin, PinOff, RotateCw, Trash2, Wand2 } from 'lucide-react'
import { useId, useState } from 'react'
import type { ImageInfo, RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import { QuotaLine } from '../../../components/quota-line.tsx'
import { Button, buttonClass } from '../../../components/ui/button.tsx'
import { IconButton } from '../../../components/ui/icon-button.tsx'
import { Menu, type MenuEntry } from '../../../components/ui/menu.tsx'
import { tellError } from '../../../components/ui/toaster.tsx'
import { downloadImages } from '../../../lib/download-image.ts'
import { messageOf } from '../../../lib/fetch-json.ts'
import { isUnfinished, missingOf } from '../../../lib/one-request.ts'
import { useCountedAgain, useQuotaRefusal } from '../../../lib/use-quota-note.ts'
import { DeleteRequestDialog } from '../../../components/delete-request-dialog.tsx'
import { useListOrigin } from '../list-origin.ts'
import { useRequestActions } from '../use-request-actions.ts'

export interface RequestActionsProps {
  request: RequestSummary
  /** Its owner alone may retry and delete it. */
  isMine: boolean
  /** The reader may not fetch its images. */
  isSealed: boolean
  /** The image that is looked at. */
  image: ImageInfo | undefined
}

/** What can be done with a request and its images. */
export function RequestActions({ request, isMine, isSealed, image }: RequestActionsProps) {
  const { id, status, images } = request
  const { cancel, retry, change } = useRequestActions(id)
  const { leave } = useListOrigin()
  const [isDeleting, setIsDeleting] = useState(false)
  const mayRetry = isMine && (status === 'failed' || status === 'canceled')
  const download = (chosen: readonly ImageInfo[]) =>
    downloadImages(request, chosen).catch((error: unknown) => tellError('Nothing was downloaded', messageOf(error)))
  const more: MenuEntry[] = [
    ...(images.length > 1 && !isSealed
      ? [{ label: `Download all ${images.length}`, icon: Images, onSelect: () => void download(images) }]
      : []),
    ...(isMine && !isUnfinished(status)
      ? [{ label: 'Delete…', icon: Trash2, danger: true, onSelect: () => setIsDeleting(true) }]
      : [])
  ]
  return (
    <div className="flex flex-wrap gap-2">
      {isUnfinished(status) && (
        <Button icon={Ban} busy={cancel.isPending} onClick={() => cancel.mutate()}>
          Cancel
        </Button>
      )}
      {mayRetry && <RetryButton images={missingOf(request)} busy={retry.isPending} onRetry={() => retry.mutate()} />}
      <Link
        to="/playground"
        search={{ from: id }}
        className={buttonClass(status === 'succeeded' ? 'primary' : 'secondary')}
      >
        <Wand2 className="size-4" aria-hidden />
        Use in playground
      </Link>
      {image && !isSealed && (
        <>
          <Link to="/playground" search={{ source: image.id }} className={buttonClass()}>
            <ImagePlus className="size-4" aria-hidden />
            Edit this
          </Link>
          <Button icon={Download} onClick={() => void download([image])}>
            Download
          </Button>
        </>
      )}
      {isMine && (
        <Button
          icon={request.pinned ? PinOff : Pin}
          busy={change.isPending}
          title="What is pinned is kept until it is deleted by hand."
          onClick={() => change.mutate({ pinned: !request.pinned })}
        >
          {request.pinned ? 'Unpin' : 'Pin'}
        </Button>
      )}
      {more.length > 0 && (
        <Menu trigger={<IconButton icon={MoreHorizontal} label="More" look="secondary" />} entries={more} />
      )}
      <DeleteRequestDialog request={request} open={isDeleting} onClose={() => setIsDeleting(false)} onDeleted={leave} />
    </div>
  )
}

/** It rests, with the reason above it, while the reader's quotas would refuse so many images. */
function RetryButton({ images, busy, onRetry }: { images: number; busy: boolean; onRetry: () => void }) {
  const id = useId()
  useCountedAgain()
  const refusal = useQuotaRefusal(images)
  return (
    <>
      {refusal !== undefined && <QuotaLine id={id}>{refusal}</QuotaLine>}
      <Button
        look="primary"
        icon={RotateCw}
        busy={busy}
        whyNot={refusal === undefined ? undefined : id}
        onClick={onRetry}
      >
        Retry
      </Button>
    </>
  )
}
