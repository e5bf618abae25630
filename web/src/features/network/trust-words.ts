import type { ProviderInfo } from '../../../../src/http/dashboard/contract/network.ts'

/** A badge's words; null where a machine serves everybody it is meant to, or nobody is meant to use it but its owner. */
export function trustWords({ state, isShared }: ProviderInfo['trust']): string | null {
  if (!isShared) return null
  switch (state) {
    case 'pending':
      return 'Waiting for approval'
    case 'limited':
      return 'New here'
    case 'blocked':
      return 'Blocked by an admin'
    case 'closed':
      return 'Owner only'
    case 'trusted':
      return null
  }
}

/** What it means, for its owner in their own person; null where there is nothing to say. */
export function explainTrust({ trust, isMine }: Pick<ProviderInfo, 'trust' | 'isMine'>): string | null {
  if (!trust.isShared) return null
  const owner = isMine ? 'your own requests run here already' : "its owner's own requests run there already"
  switch (trust.state) {
    case 'pending':
      return `Waiting for an admin's approval: ${owner}.`
    case 'limited':
      return 'New here: it is given few images of others, until it has delivered enough of them and some time has passed.'
    case 'blocked':
      return `An admin has stopped it from serving others: ${owner}.`
    case 'closed':
      return `Only the machines of admins serve others here: ${owner}.`
    case 'trusted':
      return null
  }
}
