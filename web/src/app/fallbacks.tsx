import { Link, type ErrorComponentProps } from '@tanstack/react-router'
import { Compass } from 'lucide-react'
import { buttonClass } from '../components/ui/button.tsx'
import { Page } from '../components/ui/page.tsx'
import { EmptyState, ErrorState } from '../components/ui/states.tsx'

export function NotFound() {
  return (
    <Page title="Not found">
      <EmptyState
        icon={Compass}
        title="There is no such page"
        action={
          <Link to="/" className={buttonClass('primary')}>
            To the start
          </Link>
        }
      >
        The address may be mistyped, or what it showed has been deleted.
      </EmptyState>
    </Page>
  )
}

export function PageError({ error, reset }: ErrorComponentProps) {
  return (
    <main>
      <Page title="Something went wrong">
        <ErrorState error={error} onRetry={reset} />
      </Page>
    </main>
  )
}
