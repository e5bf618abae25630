import { useNavigate } from '@tanstack/react-router'
import { CirclePause, Play, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { ProviderDetail } from '../../../../src/http/dashboard/contract/network.ts'
import { Button } from '../../components/ui/button.tsx'
import { ConfirmAction } from '../../components/confirm-action.tsx'
import { tell, tellError } from '../../components/ui/toaster.tsx'
import { messageOf } from '../../lib/fetch-json.ts'
import { useChangeProvider, useForgetProvider } from './api.ts'

/** What its owner and admins do with a provider. */
export function ProviderActions({ provider }: { provider: ProviderDetail }) {
  const [forgetting, setForgetting] = useState(false)
  return (
    <>
      <DrainButton provider={provider} />
      {!provider.isOnline && (
        <Button look="danger" icon={Trash2} onClick={() => setForgetting(true)}>
          Forget
        </Button>
      )}
      {forgetting && <ForgetDialog provider={provider} onClose={() => setForgetting(false)} />}
    </>
  )
}

function DrainButton({ provider: { id, name, drainedAt } }: { provider: ProviderDetail }) {
  const change = useChangeProvider(id)
  const isDrained = drainedAt !== null
  const toggle = () =>
    change.mutate(
      { what: isDrained ? 'resume' : 'drain' },
      {
        onSuccess: () => tell(isDrained ? `${name} is paused no more` : `${name} gets nothing new`),
        onError: (error) => tellError('Nothing was changed', messageOf(error))
      }
    )
  return (
    <Button
      look={isDrained ? 'primary' : 'secondary'}
      icon={isDrained ? Play : CirclePause}
      busy={change.isPending}
      onClick={toggle}
    >
      {isDrained ? 'Resume' : 'Pause'}
    </Button>
  )
}

function ForgetDialog({ provider, onClose }: { provider: ProviderDetail; onClose: () => void }) {
  const navigate = useNavigate()
  return (
    <ConfirmAction
      action={useForgetProvider(provider.id)}
      variables={undefined}
      done={`Forgot ${provider.name}`}
      failed={`${provider.name} was not forgotten`}
      onDone={() => void navigate({ to: '/network' })}
      onClose={onClose}
      title={`Forget ${provider.name}?`}
      description="It is shown no more until its agent connects again. The images it made stay."
      confirm="Forget"
    />
  )
}
