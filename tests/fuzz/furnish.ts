import { declared } from '../support/agent-work.ts'
import { connectRawAgent } from '../support/raw-agent.ts'
import { waitFor } from '../support/wait-for.ts'
import type { FuzzedGateway } from './fuzzed-gateway.ts'
import type { FuzzCaller } from './gateway-process.ts'
import type { KnownIds } from './known-ids.ts'

const IMAGE = { model: 'demo', prompt: 'a fox', size: '32x32' }

/** Gives each of them some of everything that has an id. */
export async function furnish(
  gateway: FuzzedGateway,
  { member, admin }: Record<'member' | 'admin', FuzzCaller>
): Promise<KnownIds> {
  const [ofMember, ofAdmin] = [await furnishOne(gateway, member), await furnishOne(gateway, admin)]
  const both = <Name extends keyof typeof ofMember>(name: Name) => [...ofMember[name], ...ofAdmin[name]]
  const invitation = (await gateway.call('/api/dashboard/invitations', { of: admin, json: {} })) as {
    id: string
    url: string
  }
  const stranger = await gateway.ask('addCaller', 'member')
  return {
    ...{ job: both('job'), batch: both('batch'), asset: both('asset'), delivery: both('delivery') },
    provider: both('provider'),
    key: [member.keyId, admin.keyId, stranger.keyId],
    person: [member.id, stranger.id],
    invitation: [invitation.id],
    // The secret of its link.
    token: [/[^/=#]+$/.exec(invitation.url)![0]]
  }
}

async function furnishOne(gateway: FuzzedGateway, of: FuzzCaller) {
  const call = (path: string, json?: object) => gateway.call(path, { of, ...(json && { json }) })
  const image = (await call('/v1/images/generations', IMAGE)) as { request_id: string; data: { asset_id: string }[] }
  const told = { ...IMAGE, async: true, webhook_url: 'https://127.0.0.1:1/' }
  const job = (await call('/v1/images/generations', told)) as { id: string }
  const requests = [{ endpoint: '/v1/images/generations', body: IMAGE }]
  const batch = (await call('/v1/batches', { requests })) as { id: string; jobs: { id: string }[] }
  const delivery = await waitFor(async () => {
    const { data } = (await call('/v1/webhooks/deliveries')) as { data: { id: string }[] }
    return data[0]?.id
  })
  const agent = await connectRawAgent({ url: gateway.url, key: of.key })
  const { provider_id } = await agent.hello({ name: 'idle', services: [declared('idle')] })
  // Nobody makes it any more; it may be asked for again.
  const canceled = (await call('/v1/images/generations', { ...IMAGE, model: 'idle', async: true })) as { id: string }
  await call(`/v1/jobs/${canceled.id}/cancel`, {})
  await agent.close()
  return {
    job: [image.request_id, job.id, canceled.id, ...batch.jobs.map(({ id }) => id)],
    batch: [batch.id],
    asset: image.data.map(({ asset_id }) => asset_id),
    delivery: [delivery],
    provider: [provider_id]
  }
}
