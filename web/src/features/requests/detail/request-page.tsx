import { useIsMutating, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { EyeOff, SearchX } from 'lucide-react'
import { useMemo } from 'react'
import type { RequestDetail, RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import { buttonClass } from '../../../components/ui/button.tsx'
import { Page } from '../../../components/ui/page.tsx'
import { RelativeTime } from '../../../components/ui/relative-time.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../../components/ui/states.tsx'
import { StatusBadge } from '../../../components/ui/status-badge.tsx'
import { WaitNote } from '../../../components/wait-note.tsx'
import { ApiError } from '../../../lib/fetch-json.ts'
import { requestDetail } from '../../../lib/one-request.ts'
import { HowItRan } from './how-it-ran.tsx'
import { InputImages } from './input-images.tsx'
import { findListed } from '../list-origin.ts'
import { PromptCard } from './prompt-card.tsx'
import { RepeatCode } from './repeat-code.tsx'
import { RequestActions } from './request-actions.tsx'
import { RequestFacts } from './request-facts.tsx'
import { SeenBy } from './seen-by.tsx'
import { Sharing } from './sharing.tsx'
import { RequestFailure, RequestWarnings } from './request-notes.tsx'
import { RequestNavigation } from './request-navigation.tsx'
import { kindWord, promptOf } from '../request-words.ts'
import { Stage } from './stage.tsx'
import { usePerson } from '../../../lib/session.ts'
import { isSealed } from '../../../lib/visibility-words.ts'
import { useLiveScope } from '../../../lib/use-live-scope.ts'
import { removalKey } from '../../../lib/one-request.ts'
import { usePictures } from './use-pictures.ts'

const route = getRouteApi('/members/requests/$id')

/** One request: its images, what was asked for, and how it was made. */
export function RequestPage() {
  const { id } = route.useParams()
  return <RequestById key={id} id={id} />
}

function RequestById({ id }: { id: string }) {
  const client = useQueryClient()
  const { data, error, refetch } = useQuery(requestDetail(id))
  const listed = useMemo(() => findListed(client, id), [client, id])
  useLiveScope(data?.isMine === false)
  // Live events tell that it is gone before the answer does with which the reader leaves.
  const isGoing = useIsMutating({ mutationKey: removalKey(id) }) > 0
  const isMissing = error instanceof ApiError && error.status === 404 && !isGoing
  const request = data ?? listed
  if (isMissing) return <MissingRequest />
  if (request) return <RequestView request={request} detail={data} />
  if (!error) return <RequestSkeleton />
  return (
    <Page title="Request">
      <ErrorState error={error} onRetry={() => void refetch()} />
    </Page>
  )
}

/** `detail` is there a moment later than what lists show. */
function RequestView({ request, detail }: { request: RequestSummary; detail: RequestDetail | undefined }) {
  const { pictures, index, choose, image } = usePictures(request)
  const sealed = isSealed(request, usePerson())
  const revised = detail?.revisedPrompts.find((one) => one.image === image?.position && one.prompt !== request.prompt)
  return (
    <Page
      wide
      title={kindWord(request)}
      tab={promptOf(request).slice(0, 60)}
      description={
        <span className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
          <span aria-live="polite">
            <StatusBadge status={request.status} />
          </span>
          <RelativeTime at={request.createdAt} />
        </span>
      }
      actions={<RequestNavigation id={request.id} />}
    >
      <div className={COLUMNS}>
        {sealed && request.images.length > 0 ? (
          <EmptyState icon={EyeOff} title="Secret">
            Its owner alone sees the images.
          </EmptyState>
        ) : (
          <Stage request={request} pictures={pictures} index={index} onChoose={choose} />
        )}
        <div className="flex min-w-0 flex-col gap-6 lg:col-start-2 lg:row-span-2 lg:row-start-1">
          {request.error && <RequestFailure error={request.error} model={request.model} attempts={detail?.attempts} />}
          <WaitNote request={request} />
          <PromptCard prompt={request.prompt} />
          {revised && <PromptCard title="Revised prompt" prompt={revised.prompt} />}
          <RequestActions request={request} isMine={detail?.isMine ?? false} isSealed={sealed} image={image} />
          {detail && <RequestWarnings warnings={detail.warnings} />}
          {detail?.isMine && <Sharing request={request} />}
          {detail && <SeenBy seenBy={detail.seenBy} />}
          <RequestFacts request={request} detail={detail} image={image} />
        </div>
        <div className="flex min-w-0 flex-col gap-6">
          <InputImages request={request} />
          {detail ? (
            <>
              <HowItRan request={detail} />
              <RepeatCode request={detail} />
            </>
          ) : (
            <Skeleton className="h-64 rounded-2xl" />
          )}
        </div>
      </div>
    </Page>
  )
}

/** The picture beside what is told of it, one above the other on a phone. */
const COLUMNS =
  'grid gap-x-8 gap-y-6 lg:grid-cols-[minmax(0,1fr)_21rem] lg:grid-rows-[auto_1fr] xl:grid-cols-[minmax(0,1fr)_25rem]'

const RequestSkeleton = () => (
  <Page wide title="Request" description={<Skeleton className="my-0.5 h-4.5 w-40" />}>
    <div className={COLUMNS} aria-busy>
      <Skeleton className="h-[calc(100dvh-14rem)] rounded-2xl" />
      <div className="flex flex-col gap-6">
        <Skeleton className="h-28 rounded-2xl" />
        <Skeleton className="h-9" />
        <Skeleton className="h-64 rounded-2xl" />
      </div>
    </div>
  </Page>
)

const MissingRequest = () => (
  <Page title="Request">
    <EmptyState
      icon={SearchX}
      title="This request is not here"
      action={
        <Link to="/requests" className={buttonClass('primary')}>
          To the gallery
        </Link>
      }
    >
      It has been deleted, or it belongs to somebody else.
    </EmptyState>
  </Page>
)
