import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { CardCell as Cell, CardRow, CardTable } from '../../components/ui/card-table.tsx'
import { modelsQuery } from '../../lib/models.ts'
import { formatNumber } from '../../lib/format.ts'
import { FeatureText } from './features.tsx'
import type { ModelRow } from './provider-lists.ts'
import { OnlineDot } from './provider-states.tsx'
import { Slots } from './slots.tsx'

const COLUMNS = [
  { name: 'Model' },
  { name: 'Served by' },
  { name: 'In use' },
  { name: 'Waiting', className: 'pr-5 text-right' }
]

/** Who serves what. */
export function ModelTable({ rows }: { rows: readonly ModelRow[] }) {
  const { data: models } = useQuery(modelsQuery)
  const waiting = new Map(models?.map(({ id, queued }) => [id, queued]))
  return (
    <CardTable label="Models and who serves them" columns={COLUMNS}>
      {rows.map((row) => (
        <Row key={row.id} row={row} waiting={waiting.get(row.id) ?? 0} />
      ))}
    </CardTable>
  )
}

const tellPresence = ({ isOnline, canMake }: { isOnline: boolean; canMake: boolean }): string =>
  canMake ? '(online)' : isOnline ? '(online, cannot make it now)' : '(offline)'

const Row = ({ row, waiting }: { row: ModelRow; waiting: number }) => (
  <CardRow className="max-md:grid-cols-2 max-md:gap-3">
    <Cell className="max-md:col-span-2 md:w-64 md:pl-5">
      <span className="block font-medium [overflow-wrap:anywhere]">{row.id}</span>
      <FeatureText features={row.features} />
    </Cell>
    <Cell className="max-md:col-span-2">
      <ul className="-my-1 -ml-2 flex flex-wrap gap-x-1 pointer-coarse:gap-1">
        {row.providers.map(({ id, name, isOnline, canMake, isLoaded }) => (
          <li key={id} className="max-w-full">
            <Link
              to="/network/$id"
              params={{ id }}
              className={clsx(
                'flex min-h-8 max-w-full items-center gap-2 rounded-lg px-2 transition-colors hover:bg-hover pointer-coarse:min-h-[40px]',
                !canMake && 'text-muted'
              )}
            >
              <OnlineDot isOnline={isOnline} isIdle={!canMake} className="scale-75" />
              <span className="truncate">{name}</span>
              {isLoaded && <span className="shrink-0 text-[13px] text-good">loaded</span>}
              <span className="sr-only">{tellPresence({ isOnline, canMake })}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Cell>
    <Cell className="md:w-48">
      {row.slots.all > 0 ? <Slots {...row.slots} /> : <span className="text-faint">Nobody can make it now</span>}
    </Cell>
    <Cell className={clsx('text-right tabular-nums md:w-28 md:pr-5', waiting === 0 && 'text-faint')}>
      {formatNumber(waiting)}
      <span className="md:hidden"> waiting</span>
    </Cell>
  </CardRow>
)
