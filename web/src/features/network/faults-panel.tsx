import { useState } from 'react'
import type { ProviderDetail } from '../../../../src/http/dashboard/contract/network.ts'
import { FaultGroup } from '../../components/fault-group.tsx'
import { Button } from '../../components/ui/button.tsx'
import { Panel } from '../../components/ui/panel.tsx'
import { faultWords } from '../../lib/fault-words.ts'

const SHOWN_AT_FIRST = 5
/** As many of each reason are counted. */
const MOST_TIMES = 1000

/** Why images failed on it lately; for its owner and admins. */
export function FaultsPanel({ faults }: Pick<ProviderDetail, 'faults'>) {
  const [showAll, setShowAll] = useState(false)
  const shown = showAll ? faults : faults.slice(0, SHOWN_AT_FIRST)
  return (
    <Panel title="What failed in the last 7 days">
      {faults.length === 0 && <p className="text-muted">Nothing failed here.</p>}
      <ul className="flex flex-col divide-y divide-line">
        {shown.map(({ service, reason, message, times, latest }) => (
          <li key={`${service} ${reason} ${message}`} className="py-2.5 first:pt-0 last:pb-0">
            <FaultGroup
              label={faultWords(reason)}
              message={message}
              where={service}
              times={times}
              mostTimes={MOST_TIMES}
              latest={latest}
            />
          </li>
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
