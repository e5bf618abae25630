import { useEffect, useEffectEvent, useState } from 'react'
import type { QueueState } from '../../../../src/http/dashboard/contract/requests.ts'
import { Skeleton } from '../../components/ui/states.tsx'
import { totalsText } from './queue-words.ts'

/** Often enough to know where things stand, rarely enough not to talk all the time. */
const READ_OUT_EVERY_MS = 15_000

/** How much is going on in all; read out now and then instead of with every change. */
export function Totals({ state }: { state: QueueState | undefined }) {
  if (!state) return <Skeleton className="my-0.5 h-4.5 w-64" />
  const text = totalsText(state)
  return (
    <>
      <span className="tabular-nums">{text}</span>
      <ReadOut text={text} />
    </>
  )
}

function ReadOut({ text }: { text: string }) {
  const [said, setSaid] = useState(text)
  const say = useEffectEvent(() => setSaid(text))
  useEffect(() => {
    const timer = setInterval(say, READ_OUT_EVERY_MS)
    return () => clearInterval(timer)
  }, [])
  return (
    <span aria-live="polite" className="sr-only">
      {said}
    </span>
  )
}
