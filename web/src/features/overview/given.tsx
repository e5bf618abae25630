import { Link } from '@tanstack/react-router'
import { HeartHandshake } from 'lucide-react'
import type { Overview } from '../../../../src/http/dashboard/contract/account.ts'
import { givenText } from './overview-words.ts'

/** For owners of machines: what these did for the others. */
export function Given({ given }: Pick<Overview, 'given'>) {
  const text = givenText(given)
  if (text === undefined) return null
  return (
    <Link
      to="/usage"
      className="flex items-center gap-3 rounded-2xl border border-line bg-surface px-4 py-3 shadow-card transition-colors hover:border-line-strong/70"
    >
      <HeartHandshake className="size-4.5 shrink-0 text-accent" aria-hidden />
      <span>{text}</span>
    </Link>
  )
}
