import { Link } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { ArrowRight, Check } from 'lucide-react'
import type { Overview } from '../../../../src/http/dashboard/contract/account.ts'
import { RepositoryHint } from '../../components/repository-hint.tsx'
import { Card } from '../../components/ui/page.tsx'
import { usePerson, useRepository } from '../../lib/session.ts'
import { stepsOf, type NextStep } from './steps.ts'

/**
 * What there is to do. Who is new sees all of it, with what is done; whoever has made images sees only what is left, for
 * they know their way. Nothing once all is done.
 */
export function NextSteps({ overview: { todo, machines, models } }: { overview: Overview }) {
  const repository = useRepository()
  const lacksRepository = usePerson().role === 'admin' && repository === null
  const steps = stepsOf(todo, { hasMachines: machines.online > 0 || models > 0 })
  const left = steps.filter(({ isDone }) => !isDone)
  if (left.length === 0) return null
  const isNew = !todo.hasImage
  return (
    <Card className="overflow-hidden">
      <h2 className="flex items-center justify-between px-4 py-3 font-medium sm:px-5">
        {isNew ? 'Getting started' : 'What else you can do'}
        {isNew && (
          <span className="text-[13px] font-normal text-faint tabular-nums">
            {steps.length - left.length} of {steps.length} done
          </span>
        )}
      </h2>
      <ul>
        {(isNew ? steps : left).map((step) => (
          <li key={step.title} className="border-t border-line">
            <Step {...step} />
          </li>
        ))}
      </ul>
      {lacksRepository && (
        <p className="border-t border-line px-4 py-3 text-[13px] text-muted sm:px-5">
          <RepositoryHint />
        </p>
      )}
    </Card>
  )
}

const Step = ({ to, dialog, title, detail, isDone }: NextStep) => (
  <Link
    to={to}
    search={isDone || !dialog ? {} : ({ dialog } as never)}
    className="group flex items-center gap-3.5 px-4 py-3 -outline-offset-2 hover:bg-hover sm:px-5"
  >
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
      <span className={clsx('font-medium', isDone && 'text-muted')}>
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
