import { Link } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { ArrowRight, Check } from 'lucide-react'
import type { Overview } from '../../../../src/http/dashboard/contract/account.ts'
import { Card } from '../../components/ui/page.tsx'

type Todo = Overview['todo']

const STEPS: readonly {
  done: keyof Todo
  to: '/playground' | '/keys' | '/network'
  title: string
  detail: string
}[] = [
  {
    done: 'hasImage',
    to: '/playground',
    title: 'Make an image',
    detail: 'Describe it in the playground, and a GPU of the club paints it.'
  },
  {
    done: 'hasKey',
    to: '/keys',
    title: 'Create an API key',
    detail: 'Your own programs make images with it, with any OpenAI SDK.'
  },
  {
    done: 'hasProvider',
    to: '/network',
    title: 'Connect your GPU',
    detail: 'An agent beside your image server lets it work for the others here.'
  }
]

/** What somebody who is new here has not done yet; nothing once all is done. */
export function NextSteps({ todo }: { todo: Todo }) {
  const left = STEPS.filter(({ done }) => !todo[done]).length
  if (left === 0) return null
  return (
    <Card className="overflow-hidden">
      <h2 className="flex items-center justify-between px-4 py-3 font-medium sm:px-5">
        Getting started
        <span className="text-[13px] font-normal text-faint tabular-nums">
          {STEPS.length - left} of {STEPS.length} done
        </span>
      </h2>
      <ul>
        {STEPS.map((step) => (
          <li key={step.done} className="border-t border-line">
            <Step {...step} isDone={todo[step.done]} />
          </li>
        ))}
      </ul>
    </Card>
  )
}

const Step = ({ to, title, detail, isDone }: (typeof STEPS)[number] & { isDone: boolean }) => (
  <Link to={to} className="group flex items-center gap-3.5 px-4 py-3 -outline-offset-2 hover:bg-hover sm:px-5">
    <span
      aria-hidden
      className={clsx(
        'flex size-6 shrink-0 items-center justify-center rounded-full border',
        isDone ? 'border-good bg-good-soft text-good' : 'border-dashed border-line-strong'
      )}
    >
      {isDone && <Check className="size-3.5" strokeWidth={3} />}
    </span>
    <span className="flex min-w-0 flex-1 flex-col">
      <span className={clsx('font-medium', isDone && 'text-muted line-through')}>
        {title}
        {isDone && <span className="sr-only"> (done)</span>}
      </span>
      {!isDone && <span className="text-[13px] text-muted">{detail}</span>}
    </span>
    {!isDone && (
      <ArrowRight
        className="size-4 shrink-0 text-faint transition-transform group-hover:translate-x-0.5 group-hover:text-text"
        aria-hidden
      />
    )}
  </Link>
)
