import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { clsx } from 'clsx'
import type { ReactNode } from 'react'
import { modelsQuery } from '../../lib/models.ts'
import { formatNumber } from '../../lib/format.ts'
import { FeatureText } from './features.tsx'
import type { ModelRow } from './provider-lists.ts'
import { OnlineDot } from './provider-states.tsx'
import { Slots } from './slots.tsx'

const COLUMNS = ['Model', 'Served by', 'In use', 'Waiting']

/** Who serves what; on phones a card for each model. The roles say so again, for `display` takes a table's meaning. */
export function ModelTable({ rows }: { rows: readonly ModelRow[] }) {
  const { data: models } = useQuery(modelsQuery)
  const waiting = new Map(models?.map(({ id, queued }) => [id, queued]))
  return (
    <div className="md:rounded-2xl md:border md:border-line md:bg-surface md:shadow-card">
      <table role="table" aria-label="Models and who serves them" className="w-full text-left max-md:block">
        <thead role="rowgroup" className="max-md:sr-only">
          <tr role="row" className="text-xs text-faint">
            {COLUMNS.map((name) => (
              <th
                key={name}
                role="columnheader"
                scope="col"
                className="px-3 py-2.5 font-medium first:pl-5 last:pr-5 last:text-right"
              >
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup" className="max-md:flex max-md:flex-col max-md:gap-3">
          {rows.map((row) => (
            <Row key={row.id} row={row} waiting={waiting.get(row.id) ?? 0} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

const Row = ({ row, waiting }: { row: ModelRow; waiting: number }) => (
  <tr
    role="row"
    className="align-top max-md:grid max-md:grid-cols-2 max-md:gap-3 max-md:rounded-2xl max-md:border max-md:border-line max-md:bg-surface max-md:p-4 max-md:shadow-card md:border-t md:border-line"
  >
    <Cell className="max-md:col-span-2 md:w-64 md:pl-5">
      <span className="block font-medium [overflow-wrap:anywhere]">{row.id}</span>
      <FeatureText features={row.features} />
    </Cell>
    <Cell className="max-md:col-span-2">
      <ul className="-my-1 -ml-2 flex flex-wrap gap-x-1 pointer-coarse:gap-1">
        {row.providers.map(({ id, name, isOnline }) => (
          <li key={id} className="max-w-full">
            <Link
              to="/network/$id"
              params={{ id }}
              className={clsx(
                'flex min-h-8 max-w-full items-center gap-2 rounded-lg px-2 transition-colors hover:bg-hover pointer-coarse:min-h-[40px]',
                !isOnline && 'text-muted'
              )}
            >
              <OnlineDot isOnline={isOnline} className="scale-75" />
              <span className="truncate">{name}</span>
              <span className="sr-only">{isOnline ? '(online)' : '(offline)'}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Cell>
    <Cell className="md:w-48">
      {row.slots.all > 0 ? <Slots {...row.slots} /> : <span className="text-faint">Nobody takes work</span>}
    </Cell>
    <Cell className={clsx('text-right tabular-nums md:w-28 md:pr-5', waiting === 0 && 'text-faint')}>
      {formatNumber(waiting)}
      <span className="md:hidden"> waiting</span>
    </Cell>
  </tr>
)

const Cell = ({ className, children }: { className?: string; children: ReactNode }) => (
  <td role="cell" className={clsx('md:px-3 md:py-3', className)}>
    {children}
  </td>
)
