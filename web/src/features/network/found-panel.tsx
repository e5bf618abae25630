import { type ReactNode, useState } from 'react'
import type { FoundInfo, FoundModelInfo, ProviderDetail } from '../../../../src/http/dashboard/contract/network.ts'
import { Badge } from '../../components/ui/badge.tsx'
import { Button } from '../../components/ui/button.tsx'
import { Disclosure } from '../../components/ui/disclosure.tsx'
import { Panel } from '../../components/ui/panel.tsx'
import { RelativeTime } from '../../components/ui/relative-time.tsx'
import { formatBytes, formatNumber } from '../../lib/format.ts'
import { tellModel, tellMore, usableFirst } from './found-words.ts'

/** More than these are shown on demand. */
const FEW = 12

/** What lies on a machine, offered or not; for its owner and admins. */
export function FoundPanel({ provider }: { provider: ProviderDetail }) {
  const services = provider.services.flatMap(({ id, name, found, models }) => {
    const loaded = models.filter(({ isLoaded }) => isLoaded === true).map((model) => model.id)
    return found ? [{ id, name, found, loaded }] : []
  })
  if (services.length === 0) return null
  return (
    <Panel title="On this machine">
      <p className="text-[13px] text-muted">
        Only {provider.isMine ? 'you' : 'its owner'} and the club’s admins see what is not offered. What is to be
        offered stands under <code className="font-mono">models</code> in the agent’s file.
      </p>
      <ul className="flex flex-col divide-y divide-line">
        {services.map(({ id, name, found, loaded }) => (
          <li key={id} className="flex flex-col gap-2 py-3.5 last:pb-0">
            <Found found={found} loaded={loaded} title={services.length > 1 ? name : undefined} />
          </li>
        ))}
      </ul>
    </Panel>
  )
}

function Found({ found, loaded, title }: { found: FoundInfo; loaded: readonly string[]; title: string | undefined }) {
  const [all, setAll] = useState(false)
  const models = usableFirst(found.models)
  const shown = all ? models : models.slice(0, FEW)
  return (
    <>
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        {title !== undefined && <h3 className="font-medium [overflow-wrap:anywhere]">{title}</h3>}
        <p className="text-[13px] text-faint">
          {found.memory &&
            `${formatBytes(found.memory.free)} of ${formatBytes(found.memory.total)} graphics memory free, `}
          last changed <RelativeTime at={found.at} />
        </p>
      </div>
      {models.length === 0 && <p className="text-muted">Its image server lists no model that makes images.</p>}
      <ul aria-label="Models on it" className="flex flex-col divide-y divide-line">
        {shown.map((model) => (
          <Model key={model.name} model={model} isLoaded={model.serves.some((id) => loaded.includes(id))} />
        ))}
      </ul>
      {models.length > shown.length && (
        <Button size="small" onClick={() => setAll(true)} className="self-start">
          Show all {formatNumber(models.length)}
        </Button>
      )}
      {found.moreModels > 0 && <More>{tellMore(found.moreModels, 'model')}</More>}
      {found.loras.length > 0 && <Loras found={found} />}
    </>
  )
}

const Model = ({ model, isLoaded }: { model: FoundModelInfo; isLoaded: boolean }) => (
  <li className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2">
    <div className="min-w-0 flex-1 basis-60">
      <p className="font-mono text-[13px] [overflow-wrap:anywhere]">{model.name}</p>
      <p className="text-[13px] text-muted">
        {tellModel(model)}
        {model.bytes !== null && <span className="text-faint">, {formatBytes(model.bytes)}</span>}
      </p>
    </div>
    {isLoaded && <Badge look="good">Loaded</Badge>}
  </li>
)

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
