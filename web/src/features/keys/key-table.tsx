import { clsx } from 'clsx'
import { Ban, Pencil } from 'lucide-react'
import type { KeyInfo } from '../../../../src/http/dashboard/contract/keys.ts'
import { Badge } from '../../components/ui/badge.tsx'
import { Button } from '../../components/ui/button.tsx'
import { CardCell as Cell, CardRow, CardTable } from '../../components/ui/card-table.tsx'
import { RelativeTime } from '../../components/ui/relative-time.tsx'
import { formatDay } from '../../lib/format.ts'
import { useNow } from '../../lib/use-now.ts'
import { describeKeyLimits, keyStatus, type KeyStatus, SCOPES } from './key-words.ts'

/** The two tables of the page have the same, whatever they hold. */
const COLUMNS = [
  { name: 'Key', className: 'w-[24%]' },
  { name: 'May', className: 'w-[18%]' },
  { name: 'Limits', className: 'w-[24%]' },
  { name: 'Last used', className: 'w-[17%]' },
  { name: 'Status', className: 'w-[17%]' }
]
const STATUS: Record<KeyStatus, { label: string; look: 'good' | 'warn' | 'plain' }> = {
  active: { label: 'Active', look: 'good' },
  expired: { label: 'Expired', look: 'warn' },
  revoked: { label: 'Revoked', look: 'plain' }
}

export interface KeyTableProps {
  keys: readonly KeyInfo[]
  label: string
  onChange: (key: KeyInfo) => void
  onRevoke: (key: KeyInfo) => void
}

export function KeyTable({ keys, label, onChange, onRevoke }: KeyTableProps) {
  const now = useNow()
  return (
    <CardTable label={label} columns={COLUMNS} actions="w-28" className="table-fixed">
      {keys.map((key) => (
        <KeyRow key={key.id} apiKey={key} now={now} onChange={onChange} onRevoke={onRevoke} />
      ))}
    </CardTable>
  )
}

interface KeyRowProps extends Pick<KeyTableProps, 'onChange' | 'onRevoke'> {
  apiKey: KeyInfo
  now: number
}

function KeyRow({ apiKey, now, onChange, onRevoke }: KeyRowProps) {
  const status = keyStatus(apiKey, now)
  const limits = describeKeyLimits(apiKey)
  return (
    <CardRow
      className={clsx('max-md:grid-cols-[1fr_auto] max-md:gap-x-4 max-md:gap-y-3', status !== 'active' && 'text-muted')}
    >
      <Cell className="md:pl-5">
        <div className="font-medium [overflow-wrap:anywhere]">{apiKey.name}</div>
        <code className="font-mono text-xs text-faint">{apiKey.prefix}…</code>
      </Cell>
      <Cell className="max-md:order-2 max-md:col-span-2">
        <span className="flex flex-wrap gap-1">
          {SCOPES.filter(({ scope }) => apiKey.scopes.includes(scope)).map(({ scope, badge }) => (
            <Badge key={scope} look={scope === 'admin' ? 'accent' : 'plain'}>
              {badge}
            </Badge>
          ))}
        </span>
      </Cell>
      <Cell className={clsx('max-md:order-3 max-md:col-span-2', limits.length === 0 && 'max-md:hidden')}>
        {limits.length === 0 ? <span className="text-faint">None</span> : <Limits limits={limits} />}
      </Cell>
      <Cell className="max-md:order-4 max-md:self-end">
        <span className="text-faint md:hidden">Used </span>
        {apiKey.lastUsedAt === null ? (
          <span className="text-faint">never</span>
        ) : (
          <RelativeTime at={apiKey.lastUsedAt} />
        )}
        <div className="text-xs whitespace-nowrap text-faint">
          Made <RelativeTime at={apiKey.createdAt} />
        </div>
      </Cell>
      <Cell className="max-md:order-1 max-md:text-right">
        <Badge look={STATUS[status].look}>{STATUS[status].label}</Badge>
        <div className="mt-0.5 text-xs whitespace-nowrap text-faint">{ending(apiKey, status)}</div>
      </Cell>
      <Cell className="max-md:order-5 max-md:self-end max-md:justify-self-end md:pr-3 md:text-right">
        {status !== 'revoked' && (
          <span className="flex justify-end md:flex-col md:items-end">
            <Button
              look="ghost"
              size="small"
              icon={Pencil}
              onClick={() => onChange(apiKey)}
              aria-label={`Change ${apiKey.name}`}
            >
              Change
            </Button>
            <Button
              look="ghost"
              size="small"
              icon={Ban}
              onClick={() => onRevoke(apiKey)}
              aria-label={`Revoke ${apiKey.name}`}
              className="hover:text-bad max-md:-mr-2.5"
            >
              Revoke
            </Button>
          </span>
        )}
      </Cell>
    </CardRow>
  )
}

const Limits = ({ limits }: { limits: string[] }) => (
  <ul className="flex flex-wrap gap-x-2 text-[13px] [overflow-wrap:anywhere] text-muted">
    {limits.map((limit, index) => (
      <li key={limit}>{index < limits.length - 1 ? `${limit},` : limit}</li>
    ))}
  </ul>
)

function ending({ revokedAt, expiresAt }: KeyInfo, status: KeyStatus): string {
  if (revokedAt !== null) return formatDay(revokedAt)
  if (expiresAt === null) return 'Never expires'
  return `${status === 'expired' ? 'On' : 'Until'} ${formatDay(expiresAt)}`
}
