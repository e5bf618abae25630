import { useQuery } from '@tanstack/react-query'
import { Flag } from 'lucide-react'
import { useState } from 'react'
import { SeeRequest } from '../../../components/see-request.tsx'
import { Badge } from '../../../components/ui/badge.tsx'
import { Button } from '../../../components/ui/button.tsx'
import { Dialog } from '../../../components/ui/dialog.tsx'
import { Field } from '../../../components/ui/field.tsx'
import { Page } from '../../../components/ui/page.tsx'
import { Panel } from '../../../components/ui/panel.tsx'
import { RelativeTime } from '../../../components/ui/relative-time.tsx'
import { Select } from '../../../components/ui/select.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../../components/ui/states.tsx'
import { thumbnailUrl } from '../../../lib/assets.ts'
import { REASON_CHOICES, reasonWords } from '../../../lib/report-words.ts'
import { visibilityOf } from '../../../lib/visibility-words.ts'
import { type Reported, reportsQuery, type TakenDown, useDecide } from './api.ts'

export const ReportsPage = () => (
  <Page title="Reports" description="What strangers say against public pictures, the oldest first.">
    <Reports />
  </Page>
)

function Reports() {
  const { data, error, refetch } = useQuery(reportsQuery)
  if (error && !data) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!data) return <Skeleton className="h-96 rounded-2xl" />
  return (
    <div className="flex flex-col gap-6">
      {data.reported.length === 0 ? (
        <EmptyState icon={Flag} title="Nothing is reported">
          Where the club shows public pictures, whoever sees one may report it. Each report is listed here.
        </EmptyState>
      ) : (
        <ul className="flex flex-col divide-y divide-line rounded-2xl border border-line bg-surface shadow-card">
          {data.reported.map((one) => (
            <ReportedLine key={one.requestId} reported={one} />
          ))}
        </ul>
      )}
      {data.takenDown.length > 0 && (
        <Panel title="Taken down">
          <ul className="flex flex-col gap-3">
            {data.takenDown.map((one) => (
              <TakenDownLine key={one.requestId} takenDown={one} />
            ))}
          </ul>
        </Panel>
      )}
    </div>
  )
}

function ReportedLine({ reported }: { reported: Reported }) {
  const { requestId, owner, visibility, reports } = reported
  const decide = useDecide(requestId)
  const [isOpen, setIsOpen] = useState(false)
  const images = [...new Set(reports.map(({ imageId }) => imageId))]
  return (
    <li className="flex flex-wrap items-start gap-x-4 gap-y-3 px-4 py-3">
      <div className="flex flex-wrap gap-2">
        {images.map((id) => (
          <img
            key={id}
            src={thumbnailUrl(id, 256)}
            alt="Reported picture"
            loading="lazy"
            className="size-28 rounded-lg bg-sunken object-contain"
          />
        ))}
      </div>
      <div className="flex min-w-0 flex-1 basis-72 flex-col gap-1.5">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1 text-[13px] text-muted">
          <Badge>{visibilityOf(visibility)?.label}</Badge>
          {owner.name}
          <SeeRequest id={requestId} />
        </p>
        <ul className="flex flex-col gap-1">
          {reports.map(({ reason, text, at }, index) => (
            <li key={index} className="[overflow-wrap:anywhere]">
              <span className="font-medium">{reasonWords(reason)}</span>
              {text !== '' && <span className="whitespace-pre-wrap">: {text}</span>}{' '}
              <span className="text-[13px] text-muted">
                <RelativeTime at={at} />
              </span>
            </li>
          ))}
        </ul>
      </div>
      <div className="flex gap-2">
        <Button size="small" busy={decide.isPending} onClick={() => decide.mutate({ what: 'dismiss' })}>
          Dismiss
        </Button>
        <Button size="small" look="danger" onClick={() => setIsOpen(true)}>
          Take down…
        </Button>
      </div>
      {isOpen && <TakeDownDialog reported={reported} onClose={() => setIsOpen(false)} />}
    </li>
  )
}

function TakeDownDialog({ reported, onClose }: { reported: Reported; onClose: () => void }) {
  const [reason, setReason] = useState(reported.reports[0]?.reason ?? 'other')
  const decide = useDecide(reported.requestId)
  return (
    <Dialog
      open
      onClose={onClose}
      title="Take it down?"
      description={`All pictures of the request are hidden from everybody but ${reported.owner.name} and the admins, and every link to them ends. You may lift that later; the links do not come back.`}
      actions={
        <>
          <Button onClick={onClose}>Keep</Button>
          <Button
            look="danger"
            busy={decide.isPending}
            onClick={() => decide.mutate({ what: 'take-down', reason }, { onSuccess: onClose })}
          >
            Take down
          </Button>
        </>
      }
    >
      <Field label="What its owner is told">
        <Select value={reason} options={REASON_CHOICES} onChange={setReason} />
      </Field>
    </Dialog>
  )
}

function TakenDownLine({ takenDown: { requestId, owner, reason, at } }: { takenDown: TakenDown }) {
  const decide = useDecide(requestId)
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
      <p className="flex min-w-0 flex-wrap items-center gap-x-1.5">
        <span className="font-medium">{reasonWords(reason)}</span>
        <span className="text-muted">
          {owner.name}, <RelativeTime at={at} />
        </span>
        <SeeRequest id={requestId} />
      </p>
      <Button size="small" busy={decide.isPending} onClick={() => decide.mutate({ what: 'lift' })}>
        Lift
      </Button>
    </li>
  )
}
