import type { NetworkState, ProviderDetail } from '../../src/http/dashboard/contract/network.ts'
import { callDashboard, type DashboardError } from './dashboard-calls.ts'
import { startTestGateway } from './test-gateway.ts'

export type OwnMachine = Awaited<ReturnType<typeof startOwnMachine>>

/** A gateway with short leases, and the owner of the one machine that is to connect to it, with what the dashboard tells them of it. */
export async function startOwnMachine() {
  const gateway = await startTestGateway({ env: { INFERENCE_CLUB_LIMITS_LEASE: '1s' } })
  const owner = await gateway.addPerson()
  const { key } = await gateway.addKey(owner)
  const provider = async () => (await callDashboard<NetworkState>(gateway, owner, 'network')).body.providers[0]!
  return {
    gateway,
    owner,
    key,
    provider,
    /** Its first service, in detail. */
    service: async () => {
      const { id } = await provider()
      return (await callDashboard<ProviderDetail>(gateway, owner, `providers/${id}`)).body.services[0]!
    },
    /** Says what its first service is to offer, or to have loaded. */
    tellWish: async (what: 'offers' | 'warms', json: unknown, by = owner) => {
      const { id, services } = await provider()
      const path = `providers/${id}/services/${services[0]!.id}/${what}`
      return callDashboard<DashboardError>(gateway, by, path, { method: 'PUT', json })
    }
  }
}
