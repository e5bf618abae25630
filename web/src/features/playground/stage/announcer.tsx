import { useState } from 'react'
import type { RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import { submissions } from '../submit/submissions.ts'
import { announce } from './tell-status.ts'

/** Reads out politely what happens to the requests on the stage. */
export function Announcer({ requests }: { requests: readonly RequestSummary[] }) {
  const [told, setTold] = useState<{ requests: readonly RequestSummary[]; text: string }>({ requests, text: '' })
  if (told.requests !== requests) {
    const before = new Map(told.requests.map((request) => [submissions.screenKeyOf(request.id), request]))
    const news = requests.flatMap((request) => announce(before.get(submissions.screenKeyOf(request.id)), request))
    setTold({ requests, text: news.length > 0 ? news.join('. ') : told.text })
  }
  return (
    <p aria-live="polite" className="sr-only">
      {told.text}
    </p>
  )
}
