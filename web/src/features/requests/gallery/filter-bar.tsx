import { useQuery } from '@tanstack/react-query'
import { SlidersHorizontal, X } from 'lucide-react'
import { type ComponentProps, useState } from 'react'
import type { RequestSearch } from '../../../lib/request-search.ts'
import { Button } from '../../../components/ui/button.tsx'
import { Dialog } from '../../../components/ui/dialog.tsx'
import { Popover } from '../../../components/ui/popover.tsx'
import { useIsNarrow } from '../../../lib/use-media.ts'
import { filterOptions } from '../api.ts'
import { FilterFields } from './filter-fields.tsx'
import { useSeesOthers } from '../../../lib/session.ts'
import { type FilterChip, filterChips, type FilterName, withoutFilters } from '../request-filters.ts'
import { SearchField } from './search-field.tsx'

export interface FilterBarProps {
  search: RequestSearch
  onChange: (search: RequestSearch) => void
}

/** The search, the other filters behind a button, and below it what the list is narrowed to. */
export function FilterBar({ search, onChange }: FilterBarProps) {
  const isNarrow = useIsNarrow()
  const { data } = useQuery(filterOptions)
  const seesOthers = useSeesOthers()
  // Who may not see others is shown their own whatever the address says.
  const chips = filterChips(seesOthers ? search : withoutFilters(search, ['owner']), data)
  const change = (part: RequestSearch) => {
    const next = Object.entries({ ...search, ...part }).filter(([, value]) => value !== '')
    onChange(Object.fromEntries(next) as RequestSearch)
  }
  const Panel = isNarrow ? FilterSheet : FilterPopover
  return (
    <div className="flex flex-col gap-2.5">
      <div className="flex items-center gap-2">
        <SearchField value={search.q ?? ''} onChange={(q) => change({ q })} />
        <Panel count={chips.length} search={search} onChange={change} />
      </div>
      {chips.length > 0 && (
        <ul aria-label="Filters in use" className="flex flex-wrap items-center gap-1.5">
          {chips.map((chip) => (
            <Chip key={chip.names.join()} chip={chip} onRemove={(names) => onChange(withoutFilters(search, names))} />
          ))}
          <li>
            <Button look="ghost" size="small" onClick={() => onChange(withoutFilters(search))}>
              Clear all
            </Button>
          </li>
        </ul>
      )}
    </div>
  )
}

const Chip = ({ chip, onRemove }: { chip: FilterChip; onRemove: (names: readonly FilterName[]) => void }) => (
  <li className="min-w-0">
    <button
      type="button"
      onClick={() => onRemove(chip.names)}
      className="flex h-8 max-w-full items-center gap-1 rounded-full border border-line bg-surface pr-2 pl-3 text-[13px] text-muted transition-colors hover:bg-hover hover:text-text pointer-coarse:h-12"
    >
      <span className="sr-only">Remove the filter</span>
      <span className="truncate">{chip.label}</span>
      <X className="size-3.5 shrink-0" aria-hidden />
    </button>
  </li>
)

interface PanelProps {
  count: number
  search: RequestSearch
  onChange: (change: RequestSearch) => void
}

const FilterButton = ({ count, ...rest }: { count: number } & ComponentProps<'button'>) => (
  <Button {...rest} icon={SlidersHorizontal}>
    Filters
    {count > 0 && (
      <span className="-mr-1 flex size-5 items-center justify-center rounded-full bg-accent-soft text-xs text-accent tabular-nums">
        {count}
      </span>
    )}
  </Button>
)

const FilterPopover = ({ count, ...fields }: PanelProps) => (
  <Popover title="Filters" trigger={<FilterButton count={count} />}>
    <FilterFields {...fields} />
  </Popover>
)

function FilterSheet({ count, ...fields }: PanelProps) {
  const [isOpen, setIsOpen] = useState(false)
  return (
    <>
      <FilterButton count={count} onClick={() => setIsOpen(true)} />
      <Dialog
        open={isOpen}
        onClose={() => setIsOpen(false)}
        title="Filters"
        actions={
          <Button look="primary" onClick={() => setIsOpen(false)}>
            Show
          </Button>
        }
      >
        <FilterFields {...fields} />
      </Dialog>
    </>
  )
}
