import { clsx } from 'clsx'
import { ArrowDown, ArrowUp } from 'lucide-react'
import type { ReactNode } from 'react'
import { formatNumber, formatPercent } from '../../lib/format.ts'
import type { UsageSort } from '../../lib/usage-search.ts'
import type { FoldedUsage, UsageSums } from './fold-usage.ts'
import { seriesColour } from './series-colour.ts'
import { type NamedGroup, nextOrder, type SortOrder, sortGroups } from './sort-groups.ts'
import { Swatch } from './swatch.tsx'
import { formatMegapixels } from './usage-totals.tsx'

export interface UsageTableProps {
  usage: FoldedUsage
  nameOf: (key: string) => string
  /** What the rows are, such as `model`. */
  label: string
  order: SortOrder
  onOrder: (order: SortOrder) => void
}

/** On phones the last two are told below the name. */
const ONLY_WIDE = 'max-sm:hidden'
const COLUMNS: readonly { sort: UsageSort; label: string; className?: string }[] = [
  { sort: 'images', label: 'Images' },
  { sort: 'share', label: 'Share' },
  { sort: 'requests', label: 'Requests', className: ONLY_WIDE },
  { sort: 'megapixels', label: 'Megapixels', className: ONLY_WIDE }
]

/** The exact numbers, in the order that a heading is pressed for. */
export function UsageTable({ usage, nameOf, label, order, onOrder }: UsageTableProps) {
  const groups = sortGroups(
    usage.groups.map((group) => ({ ...group, name: nameOf(group.key) })),
    order
  )
  const heading = (sort: UsageSort, text: string, className?: string) => (
    <Heading key={sort} sort={sort} order={order} onOrder={onOrder} {...(className !== undefined && { className })}>
      {text}
    </Heading>
  )
  return (
    <div className="overflow-hidden rounded-2xl border border-line bg-surface shadow-card">
      <table aria-label={`Images by ${label}`} className="w-full text-left tabular-nums">
        <thead>
          <tr className="text-xs text-faint">
            {heading('name', label.charAt(0).toUpperCase() + label.slice(1))}
            {COLUMNS.map((column) => heading(column.sort, column.label, column.className))}
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <GroupRow key={group.key} group={group} colour={seriesColour(usage.series, group.series)} />
          ))}
        </tbody>
        <tfoot>
          <tr className="border-t border-line-strong/60 font-medium">
            <th scope="row" className="py-2.5 pl-4 font-medium sm:pl-5">
              All
            </th>
            <NumberCell>{formatNumber(usage.total.images)}</NumberCell>
            <NumberCell>{formatPercent(1)}</NumberCell>
            <NumberCell className={ONLY_WIDE}>{formatNumber(usage.total.requests)}</NumberCell>
            <NumberCell className={ONLY_WIDE}>{formatMegapixels(usage.total.megapixels)}</NumberCell>
          </tr>
        </tfoot>
      </table>
    </div>
  )
}

function Heading(props: {
  sort: UsageSort
  order: SortOrder
  onOrder: (order: SortOrder) => void
  className?: string
  children: ReactNode
}) {
  const { sort, order, onOrder, className, children } = props
  const isName = sort === 'name'
  const isChosen = order.by === sort
  const Arrow = order.ascending ? ArrowUp : ArrowDown
  return (
    <th
      scope="col"
      aria-sort={isChosen ? (order.ascending ? 'ascending' : 'descending') : 'none'}
      className={clsx('px-1 py-1 font-medium', isName ? 'sm:pl-3' : 'text-right sm:pr-3', className)}
    >
      <button
        type="button"
        onClick={() => onOrder(nextOrder(order, sort))}
        className={clsx(
          'inline-flex h-8 items-center gap-1 rounded-md px-2 font-medium transition-colors hover:bg-hover hover:text-text pointer-coarse:h-10',
          isChosen && 'text-text',
          !isName && 'flex-row-reverse'
        )}
      >
        {children}
        <Arrow className={clsx('size-3.5', !isChosen && 'invisible')} aria-hidden />
      </button>
    </th>
  )
}

const GroupRow = ({ group, colour }: { group: NamedGroup; colour: string }) => (
  <tr className="border-t border-line">
    <th scope="row" className="w-1/2 max-w-0 py-2.5 pl-4 font-normal sm:pl-5">
      <span className="flex items-center gap-2.5">
        <Swatch colour={colour} />
        <span className="truncate" title={group.name}>
          {group.name}
        </span>
      </span>
      <span className="block truncate pl-5 text-xs text-faint sm:hidden">{wordsOf(group)}</span>
    </th>
    <NumberCell>{formatNumber(group.images)}</NumberCell>
    <NumberCell>{formatPercent(group.share)}</NumberCell>
    <NumberCell className={ONLY_WIDE}>{formatNumber(group.requests)}</NumberCell>
    <NumberCell className={ONLY_WIDE}>{formatMegapixels(group.megapixels)}</NumberCell>
  </tr>
)

const wordsOf = ({ requests, megapixels }: UsageSums): string =>
  `${formatNumber(requests)} ${requests === 1 ? 'request' : 'requests'}, ${formatMegapixels(megapixels)} MP`

const NumberCell = ({ className, children }: { className?: string; children: ReactNode }) => (
  <td className={clsx('py-2.5 pr-3 text-right sm:pr-5', className)}>{children}</td>
)
