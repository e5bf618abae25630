import { Link } from '@tanstack/react-router'
import { Fragment, type ReactNode } from 'react'
import type { ImageInfo, RequestDetail, RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import { CopyButton } from '../../../components/ui/copy-button.tsx'
import { RelativeTime } from '../../../components/ui/relative-time.tsx'
import { Skeleton } from '../../../components/ui/states.tsx'
import { formatBytes, formatDateTime, formatDuration, formatPixels } from '../../../lib/format.ts'
import { placeWord } from '../request-words.ts'
import { Panel } from '../../../components/ui/panel.tsx'
import { expiryWords } from '../../../lib/lifetime-words.ts'
import { useServerNow } from '../../../lib/time-left.ts'
import { useTakesSeed } from '../../../lib/features-of.ts'
import { tookMs } from './timing.ts'
import { lorasIn } from '../../../lib/lora-text.ts'

export interface RequestFactsProps {
  request: RequestSummary
  detail: RequestDetail | undefined
  /** The image that is looked at. */
  image: ImageInfo | undefined
}

type Fact = [name: string, value: ReactNode]

/** Who, when and what with, and every parameter as the API spells it. */
export function RequestFacts({ request, detail, image }: RequestFactsProps) {
  const { providers } = request
  const took = tookMs(request)
  const expiry = expiryWords(request, useServerNow())
  const facts: Fact[] = [
    ['Asked by', request.owner.name],
    ...(detail ? [['With', detail.key ? `the key “${detail.key.name}”` : 'the dashboard'] as Fact] : []),
    [
      'Asked at',
      <>
        {formatDateTime(request.createdAt)}{' '}
        <span className="text-faint">
          (<RelativeTime at={request.createdAt} />)
        </span>
      </>
    ],
    ...(took === undefined ? [] : [['Took', `${formatDuration(took)} from when it was asked for`] as Fact]),
    [
      'Model',
      <Link
        to="/requests"
        search={{ model: request.model }}
        className="underline decoration-line-strong underline-offset-2 hover:text-accent"
      >
        {request.model}
      </Link>
    ],
    ...(providers.length > 0 ? [[placeWord(request), providers.join(', ')] as Fact] : []),
    ...(image
      ? [
          [
            'Image',
            `${formatPixels(image)}, ${image.mediaType.replace('image/', '')}, ${formatBytes(image.bytes)}`
          ] as Fact
        ]
      : []),
    ...(request.pinned ? [['Kept', 'Pinned: until it is deleted by hand'] as Fact] : []),
    ...(expiry === undefined ? [] : [['Kept', expiry] as Fact]),
    ...(detail?.batchId ? [['Batch', <Copied text={detail.batchId} name="the id of the batch" />] as Fact] : []),
    ['Id', <Copied text={request.id} name="the id" />]
  ]
  return (
    <>
      <Panel title="Details">
        <Facts facts={facts} />
      </Panel>
      <Panel title="Parameters">{detail ? <Parameters request={detail} /> : <Skeleton className="h-24" />}</Panel>
    </>
  )
}

function Parameters({ request }: { request: RequestDetail }) {
  const parameters: Fact[] = Object.entries(request.parameters).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : tellValue(name, value)
  ])
  const takesSeed = useTakesSeed(request.model)
  const seeds: Fact[] = request.images
    .filter(({ seed }) => takesSeed && seed !== null)
    .map(({ position, seed }) => [
      request.n > 1 ? `seed of image ${position + 1}` : 'seed',
      <Copied text={String(seed)} name={`the seed of image ${position + 1}`} />
    ])
  const asked = parameters.filter(([name]) => name !== 'seed' || seeds.length === 0)
  return <Facts facts={[...asked, ...seeds]} />
}

const tellValue = (name: string, value: unknown): string => {
  const loras = name === 'loras' ? lorasIn(value) : []
  return loras.length === 0 ? JSON.stringify(value) : loras.map((one) => `${one.name} × ${one.weight}`).join(', ')
}

const Facts = ({ facts }: { facts: readonly Fact[] }) => (
  <dl className="grid grid-cols-[minmax(6.5rem,auto)_minmax(0,1fr)] gap-x-4 gap-y-2">
    {facts.map(([name, value]) => (
      <Fragment key={name}>
        <dt className="text-muted">{name}</dt>
        <dd className="min-w-0 [overflow-wrap:anywhere]">{value}</dd>
      </Fragment>
    ))}
  </dl>
)

const Copied = ({ text, name }: { text: string; name: string }) => (
  <span className="flex min-w-0 items-center gap-1">
    <span className="min-w-0 truncate tabular-nums" title={text}>
      {text}
    </span>
    <CopyButton text={text} look="ghost" aria-label={`Copy ${name}`} className="-my-1.5 h-7! px-2! text-xs!" />
  </span>
)
