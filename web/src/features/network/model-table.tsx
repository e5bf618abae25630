import { Link } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { useState } from 'react'
import type { NetworkState } from '../../../../src/http/dashboard/contract/network.ts'
import { CardCell as Cell, CardRow, CardTable } from '../../components/ui/card-table.tsx'
import { formatBytes, formatNumber } from '../../lib/format.ts'
import { Button } from '../../components/ui/button.tsx'
import { OfferButtons } from './found-model.tsx'
import { type FoundRow, tellModel } from './found-words.ts'
import { FeatureText } from './features.tsx'
import type { ModelRow } from './provider-lists.ts'
import { OnlineDot, whyLook } from './provider-states.tsx'
import { Slots } from './slots.tsx'

const COLUMNS = [
  { name: 'Model' },
  { name: 'Served by' },
  { name: 'In use' },
  { name: 'Waiting', className: 'pr-5 text-right' }
]

const FOUND_COLUMNS = [{ name: 'Model' }, { name: 'Lies on', className: 'pr-5' }]

/** More found models than these are shown on demand. */
const FEW = 10

export interface ModelTableProps extends Pick<NetworkState, 'waitingFor'> {
  rows: readonly ModelRow[]
  found: readonly FoundRow[]
  /** Images that wait for models which the reader is not told of. */
  elsewhere: number
}

/** Who serves what and what waits for it, and what could be served beside it from machines of the reader. */
export function ModelTable({ rows, found, waitingFor, elsewhere }: ModelTableProps) {
  const [all, setAll] = useState(false)
  const waiting = new Map(waitingFor.map(({ model, images }) => [model, images]))
  return (
    <>
      {rows.length + elsewhere > 0 && (
        <CardTable label="Models and who serves them" columns={COLUMNS}>
          {rows.map((row) => (
            <Row key={row.id} row={row} waiting={waiting.get(row.id) ?? 0} />
          ))}
          {elsewhere > 0 && <OtherModels waiting={elsewhere} />}
        </CardTable>
      )}
      {found.length > 0 && (
        <section aria-labelledby="found" className="flex flex-col gap-3 pt-4">
          <div>
            <h2 id="found" className="font-medium">
              On your machines, not offered
            </h2>
            <p className="text-[13px] text-muted">You and the club’s admins alone see these.</p>
          </div>
          <CardTable label="Models that are not offered" columns={FOUND_COLUMNS}>
            {found.slice(0, all ? found.length : FEW).map((row) => (
              <FoundModelRow key={row.name} row={row} />
            ))}
          </CardTable>
          {!all && found.length > FEW && (
            <Button size="small" className="self-start" onClick={() => setAll(true)}>
              Show all {formatNumber(found.length)}
            </Button>
          )}
        </section>
      )}
    </>
  )
}

const FoundModelRow = ({ row }: { row: FoundRow }) => (
  <CardRow className="max-md:grid-cols-1 max-md:gap-3">
    <Cell className="md:w-64 md:pl-5">
      <span className="block font-mono text-[13px] [overflow-wrap:anywhere]">{row.name}</span>
    </Cell>
    <Cell className="md:pr-5">
      <ul className="flex flex-col gap-2">
        {row.machines.map(({ provider, service, model }) => (
          <li key={service.id} className="flex flex-wrap items-center gap-x-3 gap-y-2">
            <span className="min-w-0 flex-1 basis-60 [overflow-wrap:anywhere]">
              <Link to="/network/$id" params={{ id: provider.id }} className="font-medium hover:underline">
                {provider.name}
              </Link>
              <span className="block text-[13px] text-muted">
                {tellModel(model, provider)}
                {model.bytes !== null && <span className="text-faint">, {formatBytes(model.bytes)}</span>}
              </span>
            </span>
            <OfferButtons row={model} provider={provider} service={service} />
          </li>
        ))}
      </ul>
    </Cell>
  </CardRow>
)

const Row = ({ row, waiting }: { row: ModelRow; waiting: number }) => (
  <CardRow className="max-md:grid-cols-2 max-md:gap-3">
    <Cell className="max-md:col-span-2 md:w-64 md:pl-5">
      <span className="block font-medium [overflow-wrap:anywhere]">{row.id}</span>
      {row.providers.length > 0 && <FeatureText features={row.features} />}
    </Cell>
    <Cell className="max-md:col-span-2">
      {row.providers.length === 0 && <span className="text-muted">No machine has it</span>}
      <ul className="-my-1 -ml-2 flex flex-wrap gap-x-1 pointer-coarse:gap-1">
        {row.providers.map(({ id, name, isOnline, canMake, isLoaded, why, isAwaited }) => (
          <li key={id} className="max-w-full">
            <Link
              to="/network/$id"
              params={{ id }}
              className={clsx(
                'flex min-h-8 max-w-full items-center gap-2 rounded-lg px-2 transition-colors hover:bg-hover pointer-coarse:min-h-[40px]',
                !canMake && 'text-muted'
              )}
            >
              <OnlineDot isOnline={isOnline} isIdle={why !== null} isLookedAt={isAwaited} className="scale-75" />
              <span className="truncate">{name}</span>
              {isLoaded && canMake && <span className="shrink-0 text-[13px] text-good">loaded</span>}
              {why === null ? (
                <span className="sr-only">(online)</span>
              ) : (
                <span className={clsx('shrink-0 text-[13px]', whyLook({ isOnline, isAwaited }))}>{why}</span>
              )}
            </Link>
          </li>
        ))}
      </ul>
    </Cell>
    <Cell className="md:w-48">
      {row.slots.all > 0 ? (
        <Slots {...row.slots} />
      ) : (
        <span className="text-[13px] whitespace-nowrap text-faint">Nobody can make it now</span>
      )}
    </Cell>
    <Waiting images={waiting} />
  </CardRow>
)

/** So that what waits adds up: the names of these are not for the reader to know. */
const OtherModels = ({ waiting }: { waiting: number }) => (
  <CardRow className="max-md:grid-cols-2 max-md:gap-3">
    <Cell className="max-md:col-span-2 md:w-64 md:pl-5">
      <span className="block font-medium">Other models</span>
    </Cell>
    <Cell className="max-md:col-span-2">
      <span className="text-muted">No machine that you can see has them</span>
    </Cell>
    <Cell className="max-md:hidden md:w-48">{null}</Cell>
    <Waiting images={waiting} />
  </CardRow>
)

const Waiting = ({ images }: { images: number }) => (
  <Cell className={clsx('text-right tabular-nums md:w-28 md:pr-5', images === 0 && 'text-faint')}>
    {formatNumber(images)}
    <span className="md:hidden"> waiting</span>
  </Cell>
)
