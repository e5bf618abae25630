import { useQuery } from '@tanstack/react-query'
import { KeyRound, Plus } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { CreatedKey, KeyInfo } from '../../../../src/http/dashboard/contract/keys.ts'
import { Button } from '../../components/ui/button.tsx'
import { Page } from '../../components/ui/page.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../components/ui/states.tsx'
import { keysQuery } from '../../lib/keys.ts'
import { useDialogInAddress } from '../../lib/use-dialog-in-address.ts'
import { CreatedKeyDialog } from './created-key-dialog.tsx'
import { ChangeKeyDialog } from './change-key-dialog.tsx'
import { KeyTable, type KeyTableProps } from './key-table.tsx'
import { NewKeyDialog } from './new-key-dialog.tsx'
import { RevokeKeyDialog } from './revoke-key-dialog.tsx'

/** Which dialog is open, beside that for a new key, which has an address. */
type Open = { what: 'created'; created: CreatedKey } | { what: 'change' | 'revoke'; key: KeyInfo }

export function KeysPage() {
  const [open, setOpen] = useState<Open>()
  const fresh = useDialogInAddress('new')
  const close = () => setOpen(undefined)
  const newKey = (
    <Button look="primary" icon={Plus} onClick={fresh.open}>
      New key
    </Button>
  )
  return (
    <Page title="API keys" description="Programs and agents use them to act in your name." actions={newKey}>
      <Keys
        action={newKey}
        onChange={(key) => setOpen({ what: 'change', key })}
        onRevoke={(key) => setOpen({ what: 'revoke', key })}
      />
      {fresh.isOpen && (
        <NewKeyDialog
          onClose={fresh.close}
          onCreated={(created) => {
            fresh.close()
            setOpen({ what: 'created', created })
          }}
        />
      )}
      {open?.what === 'created' && <CreatedKeyDialog created={open.created} onClose={close} />}
      {open?.what === 'change' && <ChangeKeyDialog apiKey={open.key} onClose={close} />}
      {open?.what === 'revoke' && <RevokeKeyDialog apiKey={open.key} onClose={close} />}
    </Page>
  )
}

interface KeysProps extends Pick<KeyTableProps, 'onChange' | 'onRevoke'> {
  action: ReactNode
}

function Keys({ action, onChange, onRevoke }: KeysProps) {
  const { data: keys, error, refetch } = useQuery(keysQuery)
  const [showRevoked, setShowRevoked] = useState(false)
  if (error && !keys) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!keys) return <Skeleton className="h-64 rounded-2xl" />
  const standing = keys.filter(({ revokedAt }) => revokedAt === null)
  const revoked = keys.filter(({ revokedAt }) => revokedAt !== null)
  return (
    <div className="flex flex-col gap-4">
      {standing.length === 0 ? (
        <EmptyState icon={KeyRound} title={revoked.length > 0 ? 'No key is left' : 'No keys yet'} action={action}>
          With a key, your own programs make images here, through the API or an OpenAI SDK, and a machine of yours can
          offer its image server to everybody.
        </EmptyState>
      ) : (
        <KeyTable keys={standing} label="API keys" onChange={onChange} onRevoke={onRevoke} />
      )}
      {revoked.length > 0 && (
        <Button
          look="ghost"
          className="self-start"
          aria-expanded={showRevoked}
          onClick={() => setShowRevoked(!showRevoked)}
        >
          {showRevoked ? 'Hide revoked' : `Show revoked (${revoked.length})`}
        </Button>
      )}
      {showRevoked && revoked.length > 0 && (
        <KeyTable keys={revoked} label="Revoked API keys" onChange={onChange} onRevoke={onRevoke} />
      )}
    </div>
  )
}
