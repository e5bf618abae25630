import { Globe, Hourglass, Lock, type LucideIcon, Pin, Users } from 'lucide-react'
import type { RequestSummary } from '../../../../src/http/dashboard/contract/requests.ts'
import { expiryWords } from '../../lib/lifetime-words.ts'
import { visibilityOf } from '../../lib/visibility-words.ts'
import { useServerNow } from '../../lib/time-left.ts'

const ICONS = { PUBLIC: Globe, PRIVATE: Users, SECRET: Lock }

/** Who may see the images, where that is not as usual; whether it stays, or goes by itself. */
export function TileBadges({ request }: { request: RequestSummary }) {
  const { visibility, pinned } = request
  const expiry = expiryWords(request, useServerNow())
  return (
    <span className="absolute top-2 right-2 flex gap-1">
      {pinned && <TileBadge icon={Pin} label="Pinned" />}
      {expiry !== undefined && <TileBadge icon={Hourglass} label={expiry} />}
      {visibility !== 'UNLISTED' && (
        <TileBadge icon={ICONS[visibility]} label={visibilityOf(visibility)?.label ?? visibility} />
      )}
    </span>
  )
}

const TileBadge = ({ icon: Icon, label }: { icon: LucideIcon; label: string }) => (
  <span title={label} className="flex size-6 items-center justify-center rounded-full bg-black/60 text-white">
    <Icon className="size-3.5" aria-hidden />
    <span className="sr-only">{label}</span>
  </span>
)
