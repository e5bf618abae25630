import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import type { AccountInfo } from '../../../../src/http/dashboard/contract/account.ts'
import { Notice } from '../../components/ui/notice.tsx'
import { Page } from '../../components/ui/page.tsx'
import { ErrorState, Skeleton } from '../../components/ui/states.tsx'
import { accountQuery } from '../../lib/account.ts'
import { DeleteSection } from './delete-section.tsx'
import { ExportSection } from './export-section.tsx'
import { explainLinkError } from './explain-link-error.ts'
import { KeepingSection } from './keeping-section.tsx'
import { LinkedSection } from './linked-section.tsx'
import { PasswordSection } from './password-section.tsx'
import { ProfileSection } from './profile-section.tsx'
import { SessionsSection } from './sessions-section.tsx'
import { ThemeSection } from './theme-section.tsx'
import { VisibilitySection } from './visibility-section.tsx'

const route = getRouteApi('/members/account')

export function AccountPage() {
  const { data, error, refetch } = useQuery(accountQuery)
  const { error: linkError } = route.useSearch()
  return (
    <Page title="Account" description="Your name, how you sign in, and the browsers you are signed in with.">
      {linkError !== undefined && <Notice look="bad">{explainLinkError(linkError)}</Notice>}
      {data ? (
        <Sections account={data} />
      ) : error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <AccountSkeleton />
      )}
    </Page>
  )
}

const Sections = ({ account }: { account: AccountInfo }) => (
  <div className="flex flex-col gap-6">
    <ProfileSection account={account} />
    <VisibilitySection account={account} />
    <KeepingSection account={account} />
    <ThemeSection />
    <PasswordSection account={account} />
    <LinkedSection account={account} />
    <SessionsSection sessions={account.sessions} />
    <ExportSection />
    <DeleteSection account={account} />
  </div>
)

const AccountSkeleton = () => (
  <div className="flex flex-col gap-6">
    <Skeleton className="h-48 rounded-2xl" />
    <Skeleton className="h-24 rounded-2xl" />
    <Skeleton className="h-80 rounded-2xl" />
  </div>
)
