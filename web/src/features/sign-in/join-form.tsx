import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { InvitationLook } from '../../../../src/http/dashboard/contract/session.ts'
import { Notice } from '../../components/ui/notice.tsx'
import { formatDateTime } from '../../lib/format.ts'
import { useSession } from '../../lib/session.ts'
import { acceptInvitation, invitationQuery, isUseless } from './api.ts'
import { checkCredentials } from './check-credentials.ts'
import { NewCredentialFields } from './credential-fields.tsx'
import { EntryForm } from './entry-form.tsx'
import { EntryFrame } from './entry-frame.tsx'
import { useClub } from '../../lib/club.ts'
import { joinTexts } from './join-texts.ts'
import { ProviderButtons } from './provider-buttons.tsx'

export function JoinForm({ token, look }: { token: string; look: InvitationLook }) {
  const session = useSession().data
  const client = useQueryClient()
  const navigate = useNavigate()
  const { title, description, submit, passwordLabel, name, email, emailFixed } = joinTexts(look, useClub().name)
  return (
    <EntryFrame title={title} tab="Join" description={description}>
      {session?.person && (
        <Notice look="info">
          You are signed in as {session.person.name}. When you go on, you are signed in by this link instead.
        </Notice>
      )}
      {look.kind === 'join' && session && <ProviderButtons options={session.signIn} next="/" invitation={token} />}
      <EntryForm
        check={checkCredentials}
        send={(entry) =>
          acceptInvitation({ token, ...entry }).catch((error: unknown) => {
            // It was used or ran out while the form was filled in: the page tells what to do then.
            if (isUseless(error)) void client.resetQueries({ queryKey: invitationQuery(token).queryKey })
            throw error
          })
        }
        onDone={() => void navigate({ to: '/', replace: true })}
        submit={submit}
      >
        {(errors) => (
          <NewCredentialFields
            errors={errors}
            name={name}
            email={email}
            emailFixed={emailFixed}
            passwordLabel={passwordLabel}
          />
        )}
      </EntryForm>
      <p className="text-[13px] text-faint">The link works once, until {formatDateTime(look.expiresAt)}.</p>
    </EntryFrame>
  )
}
