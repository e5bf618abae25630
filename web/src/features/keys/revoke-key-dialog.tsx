import type { KeyInfo } from '../../../../src/http/dashboard/contract/keys.ts'
import { ConfirmDialog } from '../../components/ui/confirm-dialog.tsx'
import { tell, tellError } from '../../components/ui/toaster.tsx'
import { messageOf } from '../../lib/fetch-json.ts'
import { useRevokeKey } from './api.ts'

export function RevokeKeyDialog({ apiKey, onClose }: { apiKey: KeyInfo; onClose: () => void }) {
  const revoke = useRevokeKey()
  const confirm = () =>
    revoke.mutate(apiKey.id, {
      onSuccess: () => {
        tell(`Revoked “${apiKey.name}”`)
        onClose()
      },
      onError: (error) => tellError('The key still works', messageOf(error))
    })
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      onConfirm={confirm}
      busy={revoke.isPending}
      title={`Revoke “${apiKey.name}”?`}
      description={
        apiKey.scopes.includes('agent')
          ? 'Programs that use it are refused from now on, and agents connected with it are cut off at once. This cannot be undone.'
          : 'Programs that use it are refused from now on. This cannot be undone.'
      }
      confirm="Revoke"
    />
  )
}
