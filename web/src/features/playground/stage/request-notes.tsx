import { Ban, CircleAlert, RotateCw } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button } from '../../../components/ui/button.tsx'
import { RequestWarnings } from './request-warnings.tsx'
import type { StageActions } from './stage-actions.ts'
import type { StageEntry } from './stage-entries.ts'

/** What went otherwise than wished, and what can be done about it. */
export function RequestNotes({ entry, actions }: { entry: StageEntry; actions: StageActions }) {
  const { request, submission } = entry
  if (submission) return submission.unanswered && <Unanswered submission={submission} actions={actions} />
  const retry = (
    <Button size="small" icon={RotateCw} onClick={() => actions.retry(request)}>
      Try again
    </Button>
  )
  return (
    <>
      {request.status === 'failed' && (
        <Notice text={request.error?.message ?? 'It failed without a reason.'}>{retry}</Notice>
      )}
      {request.status === 'canceled' && (
        <Notice calm text={tellCanceled(request.images.length)}>
          {retry}
        </Notice>
      )}
      <RequestWarnings request={request} />
    </>
  )
}

const tellCanceled = (images: number): string =>
  images === 0 ? 'Canceled before an image was made.' : 'Canceled. What was finished is kept.'

interface UnansweredProps {
  submission: NonNullable<StageEntry['submission']>
  actions: StageActions
}

const Unanswered = ({ submission, actions }: UnansweredProps) => (
  <Notice text={submission.unanswered?.message ?? ''}>
    <Button size="small" icon={RotateCw} onClick={() => actions.resend(submission)}>
      Try again
    </Button>
    <Button size="small" look="ghost" onClick={() => actions.discard(submission)}>
      Forget it
    </Button>
  </Notice>
)

function Notice({ text, calm = false, children }: { text: string; calm?: boolean; children: ReactNode }) {
  const Icon = calm ? Ban : CircleAlert
  return (
    <div
      className={`flex flex-wrap items-center gap-x-3 gap-y-2 rounded-xl border px-4 py-3 ${calm ? 'border-line text-muted' : 'border-bad/40 bg-bad-soft text-bad'}`}
    >
      <Icon className="size-4 shrink-0" aria-hidden />
      <p className="min-w-0 flex-1 basis-48 [overflow-wrap:anywhere]">{text}</p>
      <div className="flex flex-wrap gap-2">{children}</div>
    </div>
  )
}
