import { Link } from '@tanstack/react-router'
import {
  Code,
  Copy,
  Dices,
  Ellipsis,
  type LucideIcon,
  Maximize2,
  RotateCw,
  SlidersHorizontal,
  Trash2,
  X
} from 'lucide-react'
import { type ReactNode, type RefObject, useId, useRef, useState } from 'react'
import { Button, buttonClass } from '../../../components/ui/button.tsx'
import { CopyButton } from '../../../components/ui/copy-button.tsx'
import { IconButton } from '../../../components/ui/icon-button.tsx'
import { Menu, type MenuEntry } from '../../../components/ui/menu.tsx'
import { tell } from '../../../components/ui/toaster.tsx'
import { Tooltip } from '../../../components/ui/tooltip.tsx'
import { DeleteRequestDialog } from '../../../components/delete-request-dialog.tsx'
import { useCopy } from '../../../components/ui/use-copy.tsx'
import type { StageActions } from './stage-actions.ts'
import { isUnfinished, missingOf } from '../../../lib/one-request.ts'
import type { StageEntry } from './stage-entries.ts'
import { tellSeeds } from './tiles.ts'
import { useQuotaRefusal } from '../../../lib/use-quota-note.ts'
import { useTakesSeed } from '../../../lib/features-of.ts'

export interface RequestButtonsProps {
  entry: StageEntry
  actions: StageActions
  large: boolean
}

/** What can be done with a request, in one line that is there from the beginning. */
export function RequestButtons({ entry: { request, submission }, actions, large }: RequestButtonsProps) {
  const [isDeleting, setIsDeleting] = useState(false)
  const takesSeed = useTakesSeed(request.model)
  const row = useRef<HTMLDivElement>(null)
  const { copy: copyPrompt, byHand } = useCopy({
    text: request.prompt,
    anchor: row,
    onCopied: () => tell('Copied the prompt')
  })
  if (submission) {
    return (
      <Row>
        {submission.unanswered && (
          <>
            <Act icon={RotateCw} text="Try again" onClick={() => actions.resend(submission)} />
            <Act icon={X} text="Forget it" onClick={() => actions.discard(submission)} />
          </>
        )}
      </Row>
    )
  }
  const { prompt, status } = request
  const take: MenuEntry = {
    label: 'Use these settings',
    icon: SlidersHorizontal,
    onSelect: () => actions.take(request)
  }
  const code: MenuEntry = { label: 'View code', icon: Code, onSelect: () => actions.showCode(request) }
  const copy: MenuEntry = {
    label: 'Copy prompt',
    icon: Copy,
    onSelect: copyPrompt
  }
  const remove: MenuEntry = { label: 'Delete…', icon: Trash2, danger: true, onSelect: () => setIsDeleting(true) }
  const copyEntries = prompt === '' || large ? [] : [copy]
  const open: MenuEntry[] = large ? [] : [{ label: 'Open', icon: Maximize2, onSelect: () => actions.open(request) }]
  const more = (entries: readonly MenuEntry[]) => (
    <Menu trigger={<IconButton icon={Ellipsis} size="small" label="More actions" />} entries={entries} />
  )
  if (isUnfinished(request.status)) {
    return (
      <Row place={row}>
        <Act icon={X} text="Cancel" onClick={() => actions.cancel(request)} />
        {more([...open, ...copyEntries, take, code])}
        {byHand}
      </Row>
    )
  }
  const hasSeed = takesSeed && tellSeeds(request) !== undefined
  return (
    <Row place={row}>
      {status === 'succeeded' ? (
        <Act
          icon={RotateCw}
          text="Again"
          hint={hasSeed ? 'The same pictures once more: same prompt, settings and seed' : 'The same call once more'}
          images={request.n}
          onClick={() => actions.again(request)}
        />
      ) : (
        <Act
          icon={RotateCw}
          text="Try again"
          hint="Makes what is missing; what is finished stays"
          images={missingOf(request)}
          onClick={() => actions.retry(request)}
        />
      )}
      {takesSeed && (
        <Act
          icon={Dices}
          text="Vary seed"
          hint="Other pictures: same prompt and settings, a new seed"
          images={request.n}
          onClick={() => actions.vary(request)}
        />
      )}
      {large && (
        <>
          {prompt !== '' && <CopyButton text={prompt} look="ghost" label="Copy prompt" className="max-xl:hidden" />}
          <Link to="/requests/$id" params={{ id: request.id }} className={buttonClass('ghost', 'small')}>
            <Maximize2 className="size-4" aria-hidden />
            Open
          </Link>
        </>
      )}
      {more([...open, ...(prompt === '' ? [] : [copy]), take, code, remove])}
      {byHand}
      <DeleteRequestDialog
        request={request}
        open={isDeleting}
        onClose={() => setIsDeleting(false)}
        onDeleted={() => undefined}
      />
    </Row>
  )
}

const Row = ({ place, children }: { place?: RefObject<HTMLDivElement | null>; children: ReactNode }) => (
  <div ref={place} className="-mx-2.5 flex h-8 shrink-0 items-center pointer-coarse:h-[40px]">
    {children}
  </div>
)

interface ActProps {
  icon: LucideIcon
  text: string
  hint?: string
  /** How many it asks for. */
  images?: number
  onClick: () => void
}

/**
 * Its word goes where a card has no room for it; what it does is told in its hint, or why it does nothing: the reader's quotas
 * would refuse what it asks for. Without a pointer there are no hints, so that this is told when it is pressed, too.
 */
function Act({ icon, text, hint = text, images = 0, onClick }: ActProps) {
  const id = useId()
  const refusal = useQuotaRefusal(images)
  return (
    <>
      <Tooltip text={refusal ?? hint}>
        <Button
          size="small"
          look="ghost"
          icon={icon}
          aria-label={text}
          whyNot={refusal === undefined ? undefined : id}
          onWhyNot={() => tell('Nothing was sent', refusal)}
          onClick={onClick}
        >
          <span className="@max-[15rem]:hidden">{text}</span>
        </Button>
      </Tooltip>
      {refusal !== undefined && (
        <span id={id} hidden>
          {refusal}
        </span>
      )}
    </>
  )
}
