import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { PersonChange, PersonInfo } from '../../../../src/http/dashboard/contract/admin.ts'
import type { CreatedInvitation, Invitation, NewInvitation } from '../../../../src/http/dashboard/contract/session.ts'
import { DASHBOARD, fetchJson } from '../../lib/fetch-json.ts'
import { membersQuery } from '../../lib/people.ts'

/** Puts the person, as they are then, in their place. */
export function useChangePerson(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (change: PersonChange) =>
      fetchJson<PersonInfo>(`${DASHBOARD}/people/${id}`, { method: 'PATCH', json: change }),
    onSuccess: (person) =>
      client.setQueryData(membersQuery.queryKey, (people) =>
        people?.map((one) => (one.id === person.id ? person : one))
      )
  })
}

/** A link with which they set a password. */
export const useLink = (id: string) =>
  useMutation({
    mutationFn: () => fetchJson<CreatedInvitation>(`${DASHBOARD}/people/${id}/link`, { method: 'POST' })
  })

export const invitationsQuery = queryOptions({
  queryKey: ['people', 'invitations'],
  queryFn: ({ signal }) => fetchJson<Invitation[]>(`${DASHBOARD}/invitations`, { signal })
})

export function useInvite() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (invitation: NewInvitation) =>
      fetchJson<CreatedInvitation>(`${DASHBOARD}/invitations`, { json: invitation }),
    onSuccess: () => client.invalidateQueries({ queryKey: invitationsQuery.queryKey })
  })
}

export function useRevokeInvitation() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => fetchJson(`${DASHBOARD}/invitations/${id}`, { method: 'DELETE' }),
    // It may have been used meanwhile: the list tells.
    onSettled: () => client.invalidateQueries({ queryKey: invitationsQuery.queryKey })
  })
}
