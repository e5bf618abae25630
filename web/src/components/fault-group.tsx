import { type ComponentProps, type ReactNode, useState } from 'react'
import { formatNumber } from '../lib/format.ts'
import { SeeRequest } from './see-request.tsx'
import { Badge } from './ui/badge.tsx'
import { Button } from './ui/button.tsx'
import { RelativeTime } from './ui/relative-time.tsx'

export interface FaultGroupProps {
  /** What it was, in a few words. */
  label: string
  look?: ComponentProps<typeof Badge>['look']
  /** Beside the label, such as the model. */
  about?: ReactNode
  message: string | null
  /** Below the message: where it was. */
  where: ReactNode
  times: number
  /** So many are not told apart from more. */
  mostTimes: number
  latest: readonly { at: number; requestId: string | null; who?: string }[]
}

/** The same thing that went wrong, however often it did: once, with its number and its last time; single ones on demand. */
export function FaultGroup({ label, look = 'bad', about, message, where, times, mostTimes, latest }: FaultGroupProps) {
  const [isOpen, setOpen] = useState(false)
  const [newest] = latest
  if (!newest) return null
  return (
    <div className="flex flex-col gap-1">
      <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
        <Badge look={look}>
          {label}
          {times > 1 && ` ×${formatNumber(times)}${times >= mostTimes ? '+' : ''}`}
        </Badge>
        {about}
        <span className="ml-auto text-[13px] text-muted">
          {times > 1 && 'last '}
          <RelativeTime at={newest.at} />
        </span>
      </p>
      {message !== null && message !== '' && <p className="line-clamp-4 [overflow-wrap:anywhere]">{message}</p>}
      <div className="flex flex-wrap items-center gap-x-3 text-[13px] text-muted">
        <span className="[overflow-wrap:anywhere]">{where}</span>
        {times === 1 ? (
          <Single {...newest} hideTime />
        ) : (
          <Button look="ghost" size="small" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {isOpen ? 'Hide each' : 'Show each'}
          </Button>
        )}
      </div>
      {isOpen && times > 1 && (
        <ol className="mt-1 flex flex-col gap-1 border-l-2 border-line pl-3 text-[13px] text-muted">
          {latest.map((one, index) => (
            <li key={`${one.at} ${index}`} className="flex flex-wrap items-center gap-x-3">
              <Single {...one} />
            </li>
          ))}
          {times > latest.length && <li className="text-faint">and {formatNumber(times - latest.length)} before</li>}
        </ol>
      )}
    </div>
  )
}

const Single = ({
  at,
  requestId,
  who,
  hideTime = false
}: FaultGroupProps['latest'][number] & { hideTime?: boolean }) => (
  <>
    {!hideTime && <RelativeTime at={at} />}
    {who !== undefined && <span>{who}</span>}
    {requestId !== null && <SeeRequest id={requestId} />}
  </>
)
