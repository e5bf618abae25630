import { Link } from '@tanstack/react-router'
import type { ProviderInfo } from '../../../../src/http/dashboard/contract/network.ts'
import { pendingModels } from './pending-words.ts'
import { Presence } from './provider-states.tsx'
import { TrustActions } from './trust.tsx'

/** For admins: the machines that wait for their word. */
export function PendingPanel({ providers }: { providers: readonly ProviderInfo[] }) {
  const pending = providers.filter(({ trust }) => trust.state === 'pending' && trust.isShared)
  if (pending.length === 0) return null
  return (
    <section aria-labelledby="pending" className="rounded-2xl border border-line bg-surface shadow-card">
      <h2 id="pending" className="px-4 pt-3.5 pb-2 text-[15px] font-semibold">
        Waiting for your approval
      </h2>
      <ul className="divide-y divide-line px-4">
        {pending.map((provider) => (
          <li key={provider.id} className="flex flex-wrap items-center gap-2 py-2.5">
            <span className="mr-auto min-w-0">
              <Link to="/network/$id" params={{ id: provider.id }} className="font-medium underline">
                {provider.name}
              </Link>
              <span className="text-muted">
                {' '}
                of {provider.owner.name}: {pendingModels(provider)}
              </span>
              {!provider.isOnline && (
                <span className="block text-[13px] text-warn">
                  <Presence provider={provider} />
                </span>
              )}
            </span>
            <TrustActions provider={provider} />
          </li>
        ))}
      </ul>
    </section>
  )
}
