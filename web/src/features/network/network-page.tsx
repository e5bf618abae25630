import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { Boxes, Hourglass, Images, Network, PlugZap, SearchX, Server, Zap } from 'lucide-react'
import { type ReactNode, useDeferredValue, useMemo, useState } from 'react'
import type { NetworkState } from '../../../../src/http/dashboard/contract/network.ts'
import { Stat, StatRow } from '../../components/stat.tsx'
import { Button } from '../../components/ui/button.tsx'
import { Field, TextInput } from '../../components/ui/field.tsx'
import { Page } from '../../components/ui/page.tsx'
import { Segmented } from '../../components/ui/segmented.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../components/ui/states.tsx'
import { formatNumber } from '../../lib/format.ts'
import { usePerson } from '../../lib/session.ts'
import { useDialogInAddress } from '../../lib/use-dialog-in-address.ts'
import { networkQuery } from '../../lib/network-query.ts'
import { ConnectDialog } from './connect-dialog.tsx'
import { foundRows } from './found-words.ts'
import { ModelTable } from './model-table.tsx'
import { PendingPanel } from './pending-panel.tsx'
import { ProviderCard } from './provider-card.tsx'
import {
  matchesProvider,
  modelRows,
  slotsNow,
  sortProviders,
  tellMachines,
  unservedRows,
  waitingElsewhere
} from './provider-lists.ts'

const route = getRouteApi('/members/network')

export function NetworkPage() {
  const { data, error, refetch } = useQuery(networkQuery)
  const isAdmin = usePerson().role === 'admin'
  const connecting = useDialogInAddress('connect')
  const connect = (
    <Button look="primary" icon={PlugZap} onClick={connecting.open}>
      Connect a machine
    </Button>
  )
  return (
    <Page
      title="Network"
      description="The machines that make the images, and what they are doing now."
      actions={connect}
    >
      <Totals state={data} />
      {isAdmin && data && <PendingPanel providers={data.providers} />}
      {data ? (
        <Machines state={data} connect={connect} />
      ) : error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <NetworkSkeleton />
      )}
      {connecting.isOpen && <ConnectDialog onClose={connecting.close} />}
    </Page>
  )
}

function Totals({ state }: { state: NetworkState | undefined }) {
  const machines = state && tellMachines(state.providers)
  return (
    <StatRow>
      <Stat
        label="Machines"
        icon={Server}
        value={machines && formatNumber(machines.value)}
        detail={machines?.detail ?? ' '}
      />
      <Stat
        label="Running"
        icon={Zap}
        value={state && formatNumber(state.running)}
        detail={state ? `${formatNumber(slotsNow(state.providers))} at a time` : ' '}
        look={state && state.running > 0 ? 'accent' : 'plain'}
      />
      <Stat
        label="Waiting"
        icon={Hourglass}
        value={state && formatNumber(state.waiting)}
        detail="images of everybody"
      />
      <Stat label="Images" icon={Images} value={state && formatNumber(state.imagesToday)} detail="within 24 hours" />
    </StatRow>
  )
}

function Machines({ state, connect }: { state: NetworkState; connect: ReactNode }) {
  const view = route.useSearch().view ?? 'machines'
  const navigate = route.useNavigate()
  const [text, setText] = useState('')
  const wanted = useDeferredValue(text.trim())
  const providers = useMemo(
    () => sortProviders(state.providers.filter((provider) => matchesProvider(provider, wanted))),
    [state.providers, wanted]
  )
  const rows = useMemo(() => [...modelRows({ providers }), ...unservedRows(state, wanted)], [providers, state, wanted])
  const elsewhere = wanted === '' ? waitingElsewhere(state) : 0
  const found = useMemo(() => foundRows(providers), [providers])
  if (state.providers.length === 0) {
    return (
      <EmptyState icon={Network} title="No machine is connected" action={connect}>
        A machine with an image server makes images for everybody here. It needs no open port: its agent dials out.
      </EmptyState>
    )
  }
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <Segmented
          label="Show"
          value={view}
          options={[
            { value: 'machines', label: 'Machines' },
            { value: 'models', label: 'Who serves what' }
          ]}
          onChange={(chosen) => void navigate({ search: chosen === 'models' ? { view: 'models' } : {}, replace: true })}
        />
        <Field label="Find a machine" hideLabel className="w-full sm:w-72">
          <TextInput
            type="search"
            placeholder="Machine, owner or model"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </Field>
      </div>
      {providers.length === 0 && (view === 'machines' || rows.length === 0) ? (
        <EmptyState icon={SearchX} title="Nothing matches">
          No machine, owner or model is called “{wanted}”.
        </EmptyState>
      ) : view === 'machines' ? (
        <ul
          aria-label="Machines"
          className="grid grid-cols-[repeat(auto-fill,minmax(min(100%,25rem),1fr))] items-stretch gap-4"
        >
          {providers.map((provider) => (
            <ProviderCard key={provider.id} provider={provider} />
          ))}
        </ul>
      ) : rows.length + found.length + elsewhere === 0 ? (
        <EmptyState icon={Boxes} title="No models">
          None of these machines has an image service with models.
        </EmptyState>
      ) : (
        <ModelTable rows={rows} found={found} waitingFor={state.waitingFor} elsewhere={elsewhere} />
      )}
    </div>
  )
}

const NetworkSkeleton = () => (
  <div className="flex flex-col gap-4">
    <Skeleton className="h-9 w-64" />
    <div className="grid grid-cols-[repeat(auto-fill,minmax(min(100%,25rem),1fr))] gap-4">
      {[0, 1, 2].map((index) => (
        <Skeleton key={index} className="h-56 rounded-2xl" />
      ))}
    </div>
  </div>
)
