import type { KeyInfo } from '../../../../src/http/dashboard/contract/keys.ts'
import { ConfirmAction } from '../../components/confirm-action.tsx'
import { useRevokeKey } from './api.ts'

export function RevokeKeyDialog({ apiKey, onClose }: { apiKey: KeyInfo; onClose: () => void }) {
  return (
    <ConfirmAction
      action={useRevokeKey()}
      variables={apiKey.id}
      done={`Revoked “${apiKey.name}”`}
      failed="The key still works"
      onClose={onClose}
      title={`Revoke “${apiKey.name}”?`}
      description={
        apiKey.scopes.includes('agent')
          ? 'Programs that use it are refused from now on, and agents connected with it are cut off at once: what they were making is made elsewhere. This cannot be undone.'
          : 'Programs that use it are refused from now on. This cannot be undone.'
      }
      confirm="Revoke"
    />
  )
}
