import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ImageOff } from 'lucide-react'
import { accountQuery } from '../lib/account.ts'
import { keepingWords } from '../lib/keeping-words.ts'
import { buttonClass } from './ui/button.tsx'
import { EmptyState } from './ui/states.tsx'

/** In place of images that were made and are there no more: by which rule they went, as far as there is one. */
export function NoneLeft() {
  const { data } = useQuery(accountQuery)
  const rule = data && keepingWords(data)
  return (
    <EmptyState
      icon={ImageOff}
      title="None of your images is left"
      action={
        <div className="flex flex-wrap justify-center gap-2">
          <Link to="/playground" className={buttonClass('primary')}>
            Make an image
          </Link>
          <Link to="/account" className={buttonClass()}>
            What is kept
          </Link>
        </div>
      }
    >
      {rule === undefined
        ? 'What you made has been deleted, or was kept only for a time. It is still counted under Usage.'
        : `${rule} Pinned ones stay. What you made is still counted under Usage.`}
    </EmptyState>
  )
}
