import { WifiOff } from 'lucide-react'
import { useLostAt } from '../lib/connection.ts'
import { formatTime } from '../lib/format.ts'

/** Above whatever page is open, for as long as the gateway does not answer: what it shows is of before. */
export function ConnectionNote() {
  const lostAt = useLostAt()
  return (
    <div
      role="status"
      className="pointer-events-none fixed inset-x-3 top-16 z-40 flex justify-center md:top-3 md:left-59"
    >
      {lostAt !== undefined && (
        <p className="flex gap-2.5 rounded-xl border border-line bg-raised px-4 py-2.5 shadow-pop">
          <WifiOff className="mt-0.5 size-4 shrink-0 text-warn" aria-hidden />
          <span>The gateway does not answer. Trying again … This is how things stood at {formatTime(lostAt)}.</span>
        </p>
      )}
    </div>
  )
}
