import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { ProviderDetail } from '../../../../src/http/dashboard/contract/network.ts'
import { Button } from '../../components/ui/button.tsx'
import { Panel } from '../../components/ui/panel.tsx'
import { RelativeTime } from '../../components/ui/relative-time.tsx'

const SHOWN_AT_FIRST = 5

/** Why images failed on it lately; for its owner and admins. */
export function FaultsPanel({ faults }: Pick<ProviderDetail, 'faults'>) {
  const [showAll, setShowAll] = useState(false)
  const shown = showAll ? faults : faults.slice(0, SHOWN_AT_FIRST)
  return (
    <Panel title="Last faults">
      {faults.length === 0 && <p className="text-muted">Nothing failed through its fault lately.</p>}
      <ul className="flex flex-col divide-y divide-line">
        {shown.map((fault, index) => (
          <FaultLine key={`${fault.at} ${index}`} fault={fault} />
        ))}
      </ul>
      {faults.length > SHOWN_AT_FIRST && (
        <Button look="ghost" className="mt-2 -ml-3.5" aria-expanded={showAll} onClick={() => setShowAll(!showAll)}>
          {showAll ? 'Show fewer' : `Show all ${faults.length}`}
        </Button>
      )}
    </Panel>
  )
}

const FaultLine = ({ fault: { at, service, reason, requestId } }: { fault: ProviderDetail['faults'][number] }) => (
  <li className="flex flex-col gap-0.5 py-2.5 first:pt-0 last:pb-0">
    <p className="line-clamp-4 [overflow-wrap:anywhere]">{reason}</p>
    <p className="flex flex-wrap items-center gap-x-2 text-[13px] text-muted">
      {service}, <RelativeTime at={at} />
      {requestId !== null && (
        <Link
          to="/requests/$id"
          params={{ id: requestId }}
          className="inline-flex items-center font-medium text-accent hover:underline pointer-coarse:min-h-[40px]"
        >
          See the request
        </Link>
      )}
    </p>
  </li>
)
