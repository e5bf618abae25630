import { type ReactNode, useState } from 'react'
import type { FoundInfo, ProviderDetail, ServiceInfo } from '../../../../src/http/dashboard/contract/network.ts'
import { Button } from '../../components/ui/button.tsx'
import { Disclosure } from '../../components/ui/disclosure.tsx'
import { Panel } from '../../components/ui/panel.tsx'
import { RelativeTime } from '../../components/ui/relative-time.tsx'
import { formatBytes, formatNumber } from '../../lib/format.ts'
import { FoundModel } from './found-model.tsx'
import { modelRows, tellMore, tellNone } from './found-words.ts'

/** More than these are shown on demand. */
const FEW = 12

/** What lies on a machine, offered or not; for its owner and admins. */
export function FoundPanel({ provider }: { provider: ProviderDetail }) {
  const services = provider.services.filter(({ found, wanted }) => found !== null || (wanted?.length ?? 0) > 0)
  if (services.length === 0) return null
  const isClosed = services.some(({ found }) => found !== null && !found.mayOffer)
  return (
    <Panel title="On this machine">
      <p className="text-[13px] text-muted">
        Only {provider.isMine ? 'you' : 'its owner'} and the club’s admins see what is not offered.
        {provider.isMine && isClosed && (
          <>
            {' '}
            What is to be offered stands under <code className="font-mono">models</code> in the agent’s file; with{' '}
            <code className="font-mono">found_models: offer</code> for a service there you offer what lies on it from
            here.
          </>
        )}
      </p>
      <ul className="flex flex-col divide-y divide-line">
        {services.map((service) => (
          <li key={service.id} className="flex flex-col gap-2 py-3.5 last:pb-0">
            <Found service={service} provider={provider} title={services.length > 1 ? service.name : undefined} />
          </li>
        ))}
      </ul>
    </Panel>
  )
}

interface FoundProps {
  service: ServiceInfo
  provider: ProviderDetail
  title: string | undefined
}

function Found({ service, provider, title }: FoundProps) {
  const [all, setAll] = useState(false)
  const { found } = service
  const rows = modelRows(service)
  const shown = all ? rows : rows.slice(0, FEW)
  return (
    <>
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        {title !== undefined && <h3 className="font-medium [overflow-wrap:anywhere]">{title}</h3>}
        <p className="text-[13px] text-faint">
          {found?.memory &&
            `${formatBytes(found.memory.free)} of ${formatBytes(found.memory.total)} graphics memory free, `}
          {found ? (
            <>
              last changed <RelativeTime at={found.at} />
            </>
          ) : (
            'Its agent has not told what lies there'
          )}
        </p>
      </div>
      {rows.length === 0 && <p className="text-muted">{tellNone(found?.moreModels ?? 0)}</p>}
      <ul aria-label="Models on it" className="flex flex-col divide-y divide-line">
        {shown.map((row) => (
          <FoundModel key={row.name} row={row} provider={provider} service={service} />
        ))}
      </ul>
      {rows.length > shown.length && (
        <Button size="small" onClick={() => setAll(true)} className="self-start">
          Show all {formatNumber(rows.length)}
        </Button>
      )}
      {found && rows.length > 0 && found.moreModels > 0 && <More>{tellMore(found.moreModels, 'model')}</More>}
      {found && found.loras.length > 0 && <Loras found={found} />}
    </>
  )
}

function Loras({ found: { loras, moreLoras } }: { found: FoundInfo }) {
  const [open, setOpen] = useState(false)
  return (
    <Disclosure
      title={`${formatNumber(loras.length + moreLoras)} ${loras.length + moreLoras === 1 ? 'LoRA' : 'LoRAs'}`}
      summary={loras.slice(0, 3).join(', ')}
      open={open}
      onToggle={setOpen}
    >
      <ul aria-label="LoRAs on it" className="flex max-h-72 flex-col gap-1 overflow-y-auto font-mono text-[13px]">
        {loras.map((name) => (
          <li key={name} className="[overflow-wrap:anywhere]">
            {name}
          </li>
        ))}
      </ul>
      {moreLoras > 0 && <More>{tellMore(moreLoras, 'LoRA')}</More>}
    </Disclosure>
  )
}

const More = ({ children }: { children: ReactNode }) => <p className="text-[13px] text-faint">{children}</p>
