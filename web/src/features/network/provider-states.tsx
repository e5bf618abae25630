import { clsx } from 'clsx'
import { CirclePause, Snowflake, TriangleAlert } from 'lucide-react'
import type { ProviderInfo, ServiceInfo } from '../../../../src/http/dashboard/contract/network.ts'
import { Badge } from '../../components/ui/badge.tsx'
import { RelativeTime } from '../../components/ui/relative-time.tsx'
import { formatUntil } from '../../lib/format.ts'
import { isIdle, isLookedAt } from './provider-lists.ts'

interface OnlineDotProps {
  isOnline: boolean
  /** It is there, and can make no images. */
  isIdle?: boolean
  /** It is there, and its image server is being looked at. */
  isLookedAt?: boolean
  className?: string
}

export const OnlineDot = ({ isOnline, isIdle = false, isLookedAt = false, className }: OnlineDotProps) => (
  <span
    aria-hidden
    className={clsx(
      'inline-block size-2.5 shrink-0 rounded-full',
      isOnline
        ? isLookedAt
          ? 'bg-info ring-3 ring-info-soft'
          : isIdle
            ? 'bg-warn ring-3 ring-warn-soft'
            : 'bg-good ring-3 ring-good-soft'
        : 'border-2 border-line-strong',
      className
    )}
  />
)

/** How it looks that a machine does not make a model now: it is there, it is being looked at, or away. */
export const whyLook = ({ isOnline, isAwaited }: { isOnline: boolean; isAwaited: boolean }): string =>
  isAwaited ? 'text-muted' : isOnline ? 'text-warn' : 'text-faint'

/** Whether it is there, and since when. */
export function Presence({ provider }: { provider: ProviderInfo }) {
  const { isOnline, onlineSince, lastSeenAt, keyEndedAt } = provider
  if (!isOnline) {
    return (
      <>
        Offline, seen <RelativeTime at={lastSeenAt} />
        {keyEndedAt !== null && (
          <>
            . Its API key counts no more since <RelativeTime at={keyEndedAt} />: connect it with another
          </>
        )}
      </>
    )
  }
  if (onlineSince === null) return 'Online'
  return (
    <>
      {isLookedAt(provider)
        ? 'Online, looking at its image server…'
        : isIdle(provider)
          ? 'Online, makes no images now,'
          : 'Online,'}{' '}
      connected <RelativeTime at={onlineSince} />
    </>
  )
}

export const CoolingBadge = ({ cooling }: { cooling: NonNullable<ServiceInfo['cooling']> }) => (
  <Badge look="info">
    <Snowflake className="size-3" aria-hidden />
    Rests until {formatUntil(cooling.until)}
  </Badge>
)

/** Of a machine or of one service: its owner has it take no work. */
export const PausedBadge = () => (
  <Badge look="warn">
    <CirclePause className="size-3" aria-hidden />
    Paused
  </Badge>
)

/** The agent is there, the image server behind it is not. */
export const WarningBadge = ({ warning }: { warning: NonNullable<ServiceInfo['warning']> }) => (
  <Badge look="warn">
    <TriangleAlert className="size-3" aria-hidden />
    <span>
      Image server needs attention, noticed <RelativeTime at={warning.since} />
    </span>
  </Badge>
)
