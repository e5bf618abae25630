import { useQuery } from '@tanstack/react-query'
import { clsx } from 'clsx'
import { useState } from 'react'
import type { ProviderInfo, ServiceInfo } from '../../../../src/http/dashboard/contract/network.ts'
import { Button } from '../../components/ui/button.tsx'
import { membersQuery } from '../../lib/people.ts'
import { usePerson } from '../../lib/session.ts'
import { listedNote } from './listed-words.ts'
import { sharingText } from './sharing-words.ts'
import { TermsDialog } from './terms-dialog.tsx'

function Listed({ listed }: { listed: readonly string[] }) {
  const isAdmin = usePerson().role === 'admin'
  const { data: members } = useQuery({ ...membersQuery, enabled: isAdmin })
  const note = isAdmin && !members ? null : listedNote(listed, members)
  return (
    <>
      <p className="[overflow-wrap:anywhere] text-muted">For {listed.join(', ')}</p>
      {note !== null && (
        <p className={clsx('[overflow-wrap:anywhere]', isAdmin ? 'text-warn' : 'text-faint')}>{note}</p>
      )}
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
