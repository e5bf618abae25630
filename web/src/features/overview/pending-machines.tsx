import { Link } from '@tanstack/react-router'
import { Hourglass } from 'lucide-react'
import { Badge } from '../../components/ui/badge.tsx'

/** For admins: how many new machines wait for their word. */
export function PendingMachines({ count }: { count: number }) {
  if (count === 0) return null
  return (
    <Link
      to="/network"
      className="flex flex-wrap items-center gap-x-3 gap-y-1 rounded-2xl border border-line bg-surface px-4 py-3 shadow-card transition-colors hover:border-line-strong/70"
    >
      <Badge look="warn">
        <Hourglass className="size-3" aria-hidden />
        {count}
      </Badge>
      <span>
        {count === 1 ? 'A machine waits' : 'Machines wait'} for your approval before{' '}
        {count === 1 ? 'it serves' : 'they serve'} others.
      </span>
    </Link>
  )
}
