import { Globe, Lock, Users } from 'lucide-react'
import type { Visibility } from '../../../../src/http/dashboard/contract/requests.ts'
import { visibilityOf } from '../../lib/visibility-words.ts'

const ICONS = { PUBLIC: Globe, PRIVATE: Users, SECRET: Lock }

/** Who may see the images, where that is not as usual. */
export function VisibilityBadge({ visibility }: { visibility: Visibility }) {
  if (visibility === 'UNLISTED') return null
  const Icon = ICONS[visibility]
  const label = visibilityOf(visibility)?.label ?? visibility
  return (
    <span
      title={label}
      className="absolute top-2 right-2 flex size-6 items-center justify-center rounded-full bg-black/60 text-white"
    >
      <Icon className="size-3.5" aria-hidden />
      <span className="sr-only">{label}</span>
    </span>
  )
}
