import { clsx } from 'clsx'
import type { ReactNode } from 'react'

export interface CardTableProps {
  label: string
  columns: readonly { name: string; className?: string }[]
  /** How wide a last column of buttons is, which has no name to be seen. */
  actions?: string
  className?: string
  children: ReactNode
}

/** A table; on phones a card for each row. The roles say so again, for `display` takes a table's meaning away. */
export const CardTable = ({ label, columns, actions, className, children }: CardTableProps) => (
  <div className="md:rounded-2xl md:border md:border-line md:bg-surface md:shadow-card">
    <table role="table" aria-label={label} className={clsx('w-full text-left max-md:block', className)}>
      <thead role="rowgroup" className="max-md:sr-only">
        <tr role="row" className="text-xs text-faint">
          {columns.map((column) => (
            <th
              key={column.name}
              role="columnheader"
              scope="col"
              className={clsx('px-3 py-2.5 font-medium first:pl-5', column.className)}
            >
              {column.name}
            </th>
          ))}
          {actions !== undefined && (
            <th role="columnheader" scope="col" className={actions}>
              <span className="sr-only">Actions</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody role="rowgroup" className="max-md:flex max-md:flex-col max-md:gap-3">
        {children}
      </tbody>
    </table>
  </div>
)

/** The columns and gaps of the card are the table's own. */
export const CardRow = ({ className, children }: { className: string; children: ReactNode }) => (
  <tr
    role="row"
    className={clsx(
      'align-top max-md:grid max-md:rounded-2xl max-md:border max-md:border-line max-md:bg-surface max-md:p-4 max-md:shadow-card md:border-t md:border-line',
      className
    )}
  >
    {children}
  </tr>
)

export const CardCell = ({ className, children }: { className?: string; children: ReactNode }) => (
  <td role="cell" className={clsx('md:px-3 md:py-3', className)}>
    {children}
  </td>
)
