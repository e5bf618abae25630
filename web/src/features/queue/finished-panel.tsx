import { Link } from '@tanstack/react-router'
import { Ban, CircleAlert } from 'lucide-react'
import type { RequestSummary } from '../../../../src/http/dashboard/contract/requests.ts'
import { StoredImage } from '../../components/stored-image.tsx'
import { STATUS_LABELS } from '../../components/ui/status-badge.tsx'

/** The last requests that ended while the page is open, each leading to its page. */
export function FinishedPanel({ finished }: { finished: readonly RequestSummary[] }) {
  return (
    <section className="flex flex-col gap-2">
      <h2 className="font-medium">Finished just now</h2>
      {finished.length === 0 ? (
        <p className="text-[13px] text-faint">What ends while this page is open shows up here.</p>
      ) : (
        <ul className="grid grid-cols-3 gap-2 lg:grid-cols-2">
          {finished.map((request) => (
            <li key={request.id} className="transition-opacity duration-500 starting:opacity-0">
              <Finished request={request} />
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Finished({ request }: { request: RequestSummary }) {
  const status = STATUS_LABELS.find(({ value }) => value === request.status)?.label
  const [image] = request.images
  const Icon = request.status === 'failed' ? CircleAlert : Ban
  return (
    <Link to="/requests/$id" params={{ id: request.id }} className="group flex flex-col gap-1 rounded-lg">
      <span className="aspect-square overflow-hidden rounded-lg border border-line bg-sunken">
        {image ? (
          <StoredImage
            image={image}
            alt=""
            sizes="(min-width: 1024px) 90px, 30vw"
            className="size-full object-cover transition-transform duration-300 group-hover:scale-103"
          />
        ) : (
          <span className="flex size-full flex-col items-center justify-center gap-1 text-xs text-muted">
            <Icon className="size-5" aria-hidden />
            {status}
          </span>
        )}
      </span>
      <span className="truncate text-xs text-muted group-hover:text-text">
        {image && <span className="sr-only">{status}: </span>}
        {request.prompt || 'Without a prompt'}
      </span>
    </Link>
  )
}
