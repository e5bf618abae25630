import { useMutation } from '@tanstack/react-query'
import { LogIn } from 'lucide-react'
import type { ReactNode } from 'react'
import type { SignInOptions } from '../../../../src/http/dashboard/contract/session.ts'
import { Button } from '../../components/ui/button.tsx'
import { Notice } from '../../components/ui/notice.tsx'
import { type ProviderSignIn, signInWith } from './api.ts'
import { explainError } from './explain-error.ts'

export interface ProviderButtonsProps extends Omit<ProviderSignIn, 'provider'> {
  options: SignInOptions
}

/** Ways to sign in without a password here, and a line between them and the form; nothing when there are none. */
export function ProviderButtons({ options, ...where }: ProviderButtonsProps) {
  const leave = useMutation({ mutationFn: signInWith })
  if (!options.github && !options.oidc) return null
  // The page is about to be left: what was pressed stays so.
  const pressed = leave.isPending || leave.isSuccess ? leave.variables.provider : undefined
  const button = (provider: ProviderSignIn['provider'], icon: ReactNode, name: string) => (
    <Button
      size="large"
      className="w-full"
      busy={pressed === provider}
      disabled={pressed !== undefined}
      onClick={() => leave.mutate({ provider, ...where })}
    >
      {pressed !== provider && icon}
      Continue with {name}
    </Button>
  )
  return (
    <div className="flex flex-col gap-3">
      {leave.isError && <Notice look="bad">{explainError(leave.error)}</Notice>}
      {options.github && button('github', <GitHubMark />, 'GitHub')}
      {options.oidc && button('oidc', <LogIn className="size-4" aria-hidden />, options.oidc.name)}
      <p className="mt-3 flex items-center gap-3 text-xs text-faint before:h-px before:flex-1 before:bg-line after:h-px after:flex-1 after:bg-line">
        or with a password
      </p>
    </div>
  )
}

const GitHubMark = () => (
  <svg viewBox="0 0 16 16" className="size-4 fill-current" aria-hidden>
    <path d="M8 0C3.58 0 0 3.58 0 8c0 3.54 2.29 6.53 5.47 7.59.4.07.55-.17.55-.38 0-.19-.01-.82-.01-1.49-2.01.37-2.53-.49-2.69-.94-.09-.23-.48-.94-.82-1.13-.28-.15-.68-.52-.01-.53.63-.01 1.08.58 1.23.82.72 1.21 1.87.87 2.33.66.07-.52.28-.87.51-1.07-1.78-.2-3.64-.89-3.64-3.95 0-.87.31-1.59.82-2.15-.08-.2-.36-1.02.08-2.12 0 0 .67-.21 2.2.82.64-.18 1.32-.27 2-.27s1.36.09 2 .27c1.53-1.04 2.2-.82 2.2-.82.44 1.1.16 1.92.08 2.12.51.56.82 1.27.82 2.15 0 3.07-1.87 3.75-3.65 3.95.29.25.54.73.54 1.48 0 1.07-.01 1.93-.01 2.2 0 .21.15.46.55.38A8.01 8.01 0 0 0 16 8c0-4.42-3.58-8-8-8" />
  </svg>
)
