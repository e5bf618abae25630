import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { RequestSummary, Visibility } from '../../../../../src/http/dashboard/contract/requests.ts'
import { Button } from '../../../components/ui/button.tsx'
import { Disclosure } from '../../../components/ui/disclosure.tsx'
import { CopyLine } from '../../../components/ui/copy-line.tsx'
import { Dialog } from '../../../components/ui/dialog.tsx'
import { Field } from '../../../components/ui/field.tsx'
import { Notice } from '../../../components/ui/notice.tsx'
import { Panel } from '../../../components/ui/panel.tsx'
import { Select } from '../../../components/ui/select.tsx'
import { tellError } from '../../../components/ui/toaster.tsx'
import { messageOf } from '../../../lib/fetch-json.ts'
import { formatDateTime } from '../../../lib/format.ts'
import { reasonWords } from '../../../lib/report-words.ts'
import { useNow } from '../../../lib/use-now.ts'
import { CHOICES_BESIDE_LINKS, VISIBILITY_CHOICES } from '../../../lib/visibility-words.ts'
import { createShare, revokeShare, type ShareLink, shareLinks } from '../api.ts'
import { useRequestActions } from '../use-request-actions.ts'

const EXPIRIES = [
  { value: '', label: 'Until it is revoked' },
  { value: '86400', label: 'For a day' },
  { value: '604800', label: 'For a week' },
  { value: '2592000', label: 'For 30 days' }
]

/** What was taken down may be one of these. */
const CLOSED: readonly Visibility[] = ['PRIVATE', 'SECRET']

const hasEnded = ({ expires_at }: ShareLink, now: number): boolean => expires_at !== null && expires_at * 1000 <= now

/** Who may see the images of a request of the reader's own, and links for those who may not. */
export function Sharing({ request }: { request: RequestSummary }) {
  const { change } = useRequestActions(request.id)
  const [isOpen, setIsOpen] = useState(false)
  const canShare = request.images.length > 0 && !request.takenDown
  const { data } = useQuery({ ...shareLinks(request.id), enabled: canShare })
  const now = useNow()
  const links = canShare ? (data?.data ?? []).filter((link) => !hasEnded(link, now)).length : 0
  const choices = links === 0 ? VISIBILITY_CHOICES : CHOICES_BESIDE_LINKS
  return (
    <Panel title="Sharing">
      <div className="flex flex-col gap-4">
        {request.takenDown && (
          <Notice look="info">
            An admin has taken this down: {reasonWords(request.takenDown.reason)}. You and the admins alone see it,
            until an admin lifts that.
          </Notice>
        )}
        <Field
          label="Visibility"
          hint={
            request.takenDown
              ? 'It counts once an admin has lifted that.'
              : choices.find(({ value }) => value === request.visibility)?.detail
          }
        >
          <Select<Visibility>
            value={request.visibility}
            options={request.takenDown ? choices.filter(({ value }) => CLOSED.includes(value)) : choices}
            onChange={(visibility) => change.mutate({ visibility })}
          />
        </Field>
        {links > 0 && (
          <Notice look="info">
            {links === 1 ? '1 share link is open: revoke it' : `${links} share links are open: revoke them`} under
            “Share links” to end that.
          </Notice>
        )}
        {canShare && (
          <Button className="self-start" onClick={() => setIsOpen(true)}>
            {links === 0 ? 'Share links…' : `Share links (${links})…`}
          </Button>
        )}
      </div>
      {isOpen && <ShareDialog request={request} onClose={() => setIsOpen(false)} />}
    </Panel>
  )
}

function ShareDialog({ request: { id }, onClose }: { request: RequestSummary; onClose: () => void }) {
  const client = useQueryClient()
  const { data } = useQuery(shareLinks(id))
  const [expiry, setExpiry] = useState('')
  const again = () => client.invalidateQueries({ queryKey: shareLinks(id).queryKey })
  const create = useMutation({
    mutationFn: () => createShare(id, expiry === '' ? undefined : Number(expiry)),
    onSuccess: again,
    onError: (error) => tellError('No link was made', messageOf(error))
  })
  const revoke = useMutation({
    mutationFn: (share: string) => revokeShare(id, share),
    onSuccess: again,
    onError: (error) => tellError('It was not revoked', messageOf(error))
  })
  return (
    <Dialog open wide onClose={onClose} title="Share links" actions={<Button onClick={onClose}>Close</Button>}>
      <div className="flex flex-col gap-5 pt-2">
        <p className="text-muted">Whoever has a link sees the images without an account, whatever the visibility is.</p>
        <div className="flex flex-wrap items-end gap-3">
          <Field label="New link" className="min-w-48 flex-1">
            <Select value={expiry} options={EXPIRIES} onChange={setExpiry} />
          </Field>
          <Button look="primary" busy={create.isPending} onClick={() => create.mutate()}>
            Make a link
          </Button>
        </div>
        {data?.data.length === 0 && <p className="text-faint">There is none.</p>}
        <ul className="flex flex-col gap-5">
          {data?.data.toReversed().map((link) => (
            <li key={link.id} className="flex flex-col gap-2">
              <div className="flex flex-wrap items-end gap-x-3 gap-y-2">
                <div className="min-w-0 flex-1 basis-80">
                  <CopyLine label={`Page with all, ${untilOf(link)}`} text={link.page_url} />
                </div>
                <Button size="small" busy={revoke.isPending} onClick={() => revoke.mutate(link.id)}>
                  Revoke
                </Button>
              </div>
              <Urls link={link} />
            </li>
          ))}
        </ul>
      </div>
    </Dialog>
  )
}

const untilOf = ({ expires_at }: ShareLink): string =>
  expires_at === null ? 'until it is revoked' : `until ${formatDateTime(expires_at * 1000)}`

/** For places that show an image by its bare address. */
function Urls({ link: { urls } }: { link: ShareLink }) {
  const [isOpen, setIsOpen] = useState(false)
  return (
    <Disclosure title={urls.length === 1 ? 'The image alone' : 'Each image alone'} open={isOpen} onToggle={setIsOpen}>
      <div className="flex flex-col gap-2">
        {urls.map((url, index) => (
          <CopyLine key={url} label={urls.length > 1 ? `Image ${index + 1}` : 'Image'} text={url} />
        ))}
      </div>
    </Disclosure>
  )
}
