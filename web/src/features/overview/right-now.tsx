import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Overview } from '../../../../src/http/dashboard/contract/account.ts'
import { Stat, StatRow } from '../../components/stat.tsx'
import { formatNumber } from '../../lib/format.ts'
import { machinesNow } from '../../lib/machines-now.ts'

/** What is going on in the whole club. */
export const RightNow = ({ overview: { queue, machines, models } }: { overview: Overview }) => (
  <section aria-label="Right now">
    <StatRow>
      <Cell to="/queue" label="Being made" value={queue.running} detail={count(queue.running, 'image')} />
      <Cell to="/queue" label="Waiting" value={queue.waiting} detail={count(queue.waiting, 'image')} />
      <Cell to="/network" label="Machines" {...machinesNow(machines)} />
      <Cell to="/network" label="Models" value={models} detail="for you to use" />
    </StatRow>
  </section>
)

interface CellProps {
  to: '/queue' | '/network'
  label: string
  value: number
  detail: ReactNode
}

/** The whole cell leads there. */
const Cell = ({ to, label, value, detail }: CellProps) => (
  <Stat
    label={
      <Link to={to} className="after:absolute after:inset-0 after:rounded-2xl">
        {label}
      </Link>
    }
    value={
      <>
        {formatNumber(value)} <span className="text-[13px] font-normal tracking-normal text-faint">{detail}</span>
      </>
    }
    className="transition-colors hover:bg-hover"
  />
)

const count = (value: number, what: string): string => (value === 1 ? what : `${what}s`)
