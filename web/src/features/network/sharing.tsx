import { useQuery } from '@tanstack/react-query'
import { Fragment, useState } from 'react'
import type { ProviderInfo, ServiceInfo } from '../../../../src/http/dashboard/contract/network.ts'
import { Button } from '../../components/ui/button.tsx'
import { membersQuery } from '../../lib/people.ts'
import { usePerson } from '../../lib/session.ts'
import { listedNote, whyNotYet } from './listed-words.ts'
import { sharingText } from './sharing-words.ts'
import { TermsDialog } from './terms-dialog.tsx'

/** At each address why it does not count yet, for admins; others are told what an address is. */
function Listed({ listed }: { listed: readonly string[] }) {
  const isAdmin = usePerson().role === 'admin'
  const { data: members } = useQuery({ ...membersQuery, enabled: isAdmin })
  const note = isAdmin ? null : listedNote(listed)
  return (
    <>
      <p className="[overflow-wrap:anywhere] text-muted">
        For{' '}
        {listed.map((one, index) => {
          const why = isAdmin && members ? whyNotYet(one, members) : null
          return (
            <Fragment key={index}>
              {index > 0 && ', '}
              {one}
              {why !== null && <span className="text-warn"> ({why})</span>}
            </Fragment>
          )
        })}
      </p>
      {note !== null && <p className="[overflow-wrap:anywhere] text-faint">{note}</p>}
    </>
  )
}

/** Whom a service serves and what they may have of it; its owner changes it here. */
export function Sharing({ service, provider }: { service: ServiceInfo; provider: Pick<ProviderInfo, 'id' | 'trust'> }) {
  const [isOpen, setOpen] = useState(false)
  const { terms, listed, isPaused } = service
  return (
    <div className="flex flex-col items-start gap-1 text-[13px]">
      {isPaused && (
        <p className="text-warn">{terms ? 'You have paused it' : 'Its owner has paused it'}: it takes no work.</p>
      )}
      <p className="text-muted">{sharingText(service, provider.trust.state)}</p>
      {listed && listed.length > 0 && <Listed listed={listed} />}
      {terms && (
        <Button size="small" className="mt-1" onClick={() => setOpen(true)}>
          Change whom it serves
        </Button>
      )}
      {terms && isOpen && (
        <TermsDialog providerId={provider.id} service={service} terms={terms} onClose={() => setOpen(false)} />
      )}
    </div>
  )
}
