import { useState } from 'react'
import type { ServiceInfo } from '../../../../src/http/dashboard/contract/network.ts'
import { CopyButton } from '../../components/ui/copy-button.tsx'
import { Disclosure } from '../../components/ui/disclosure.tsx'
import { sharingLines, sharingText } from './sharing-words.ts'

/** Whom a service serves and what they may have of it; its owner is shown where that is said. */
export function Sharing({ service, isMine }: { service: ServiceInfo; isMine: boolean }) {
  const [isOpen, setOpen] = useState(false)
  const lines = sharingLines(service)
  return (
    <div className="flex flex-col gap-1 text-[13px]">
      <p className="text-muted">{sharingText(service)}</p>
      {service.listed && service.listed.length > 0 && (
        <p className="[overflow-wrap:anywhere] text-muted">For {service.listed.join(', ')}</p>
      )}
      {isMine && (
        <Disclosure title="Change whom it serves" open={isOpen} onToggle={setOpen}>
          <div className="flex flex-col gap-2 text-muted">
            <p>
              This is set in <code className="font-mono">agent.yaml</code> on the machine. Change these lines below the
              service “{service.name}” and restart the agent, or send it SIGHUP: it reads the file again.
            </p>
            <div className="flex items-start gap-2 rounded-lg border border-line bg-sunken py-1 pr-1 pl-3">
              <pre className="min-w-0 flex-1 overflow-x-auto py-1 font-mono text-text select-all">{lines}</pre>
              <CopyButton text={lines} look="secondary" aria-label={`Copy the lines of ${service.name}`} />
            </div>
          </div>
        </Disclosure>
      )}
    </div>
  )
}
