import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useRouter } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import type { SignInOptions } from '../../../../src/http/dashboard/contract/session.ts'
import { Field } from '../../components/ui/field.tsx'
import { Notice } from '../../components/ui/notice.tsx'
import { PasswordInput } from '../../components/ui/password-input.tsx'
import { ErrorState, Skeleton } from '../../components/ui/states.tsx'
import { basePath } from '../../lib/base-path.ts'
import { ApiError } from '../../lib/fetch-json.ts'
import { sessionQuery } from '../../lib/session.ts'
import { signIn, signUp } from './api.ts'
import { checkCredentials, checkSignIn } from './check-credentials.ts'
import { EmailField, NewCredentialFields } from './credential-fields.tsx'
import { EntryForm } from './entry-form.tsx'
import { EntryFrame } from './entry-frame.tsx'
import { explainProviderError, SHUT_OUT } from './explain-error.ts'
import { ProviderButtons } from './provider-buttons.tsx'

const route = getRouteApi('/sign-in')

export function SignInPage() {
  const { next = '/', error: providerError, deleted, ended } = route.useSearch()
  const { data: session, error, refetch } = useQuery(sessionQuery)
  const [isNew, setNew] = useState(false)
  useEnter(next, Boolean(session?.person))
  const options = session?.person ? undefined : session?.signIn
  const isShutOut = session?.isShutOut === true
  // What is told of the account that was tried takes the place of what is told of the session, which is the same.
  const [isRefused, setRefused] = useState(false)
  const isTold = isRefused || providerError === SHUT_OUT
  const isUnclaimed = options?.isUnclaimed === true
  return (
    <EntryFrame
      title={isNew ? 'Create an account' : 'Sign in'}
      description={
        isNew
          ? 'It takes a name, an e-mail address and a password.'
          : deleted || isUnclaimed || isShutOut || ended
            ? undefined
            : 'Welcome back.'
      }
    >
      {options ? (
        <>
          {deleted === true && (
            <Notice look="info">Your account is deleted, and you are signed out everywhere. Goodbye.</Notice>
          )}
          {isShutOut && !isTold && (
            <Notice look="info">
              An admin has shut your account out, and so you were signed out here. Nothing of it is deleted: ask an
              admin, who can let you in again.
            </Notice>
          )}
          {ended === true && !isShutOut && (
            <Notice look="info">You were signed out while the page was open: elsewhere, or after a long time.</Notice>
          )}
          {isUnclaimed && (
            <Notice look="info">
              This club is not claimed yet. If you run its server, open the link that it printed when it started, behind
              “Claim this installation”; each start prints a new one.
            </Notice>
          )}
          {providerError !== undefined && <Notice look="bad">{explainProviderError(providerError)}</Notice>}
          <ProviderButtons options={options} next={next} />
          {isNew ? (
            <SignUpForm />
          ) : (
            <SignInForm onRefused={(error) => setRefused(error instanceof ApiError && error.code === SHUT_OUT)} />
          )}
          <Others options={options} isNew={isNew} onSwitch={() => setNew(!isNew)} />
        </>
      ) : error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <Skeleton className="h-56" />
      )}
    </EntryFrame>
  )
}

/** Whoever is signed in, now or already, has no business here. */
function useEnter(next: string, isSignedIn: boolean): void {
  const { history } = useRouter()
  useEffect(() => {
    if (isSignedIn) history.replace(basePath + next)
  }, [history, next, isSignedIn])
}

const SignInForm = ({ onRefused }: { onRefused: (error: Error) => void }) => (
  <EntryForm key="sign-in" check={checkSignIn} send={signIn} onRefused={onRefused} submit="Sign in">
    {(errors) => (
      <>
        <EmailField error={errors.email} autoFocus />
        <Field label="Password" error={errors.password}>
          <PasswordInput autoComplete="current-password" />
        </Field>
      </>
    )}
  </EntryForm>
)

const SignUpForm = () => (
  <EntryForm key="sign-up" check={checkCredentials} send={signUp} submit="Create account">
    {(errors) => <NewCredentialFields errors={errors} />}
  </EntryForm>
)

/** What those can do who have no account, or no password any more. */
function Others({ options, isNew, onSwitch }: { options: SignInOptions; isNew: boolean; onSwitch: () => void }) {
  const toOther = (
    <button
      type="button"
      onClick={onSwitch}
      className="rounded font-medium text-accent underline-offset-3 hover:underline pointer-coarse:py-2.5"
    >
      {isNew ? 'Sign in' : 'Create an account'}
    </button>
  )
  if (isNew) return <p className="text-muted">You have an account? {toOther}</p>
  return (
    <div className="flex flex-col gap-2 border-t border-line pt-5 text-[13px] text-muted">
      <p>
        New here?{' '}
        {options.registration === 'open'
          ? toOther
          : 'You need an invitation link: ask whoever told you of it, or an admin.'}
      </p>
      <p>Forgot your password? Ask an admin: each can make you a link to a new one, on the page “People”.</p>
    </div>
  )
}
