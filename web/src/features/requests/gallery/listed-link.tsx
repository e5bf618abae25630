import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { RequestSearch } from '../../../lib/request-search.ts'

export interface ListedLinkProps {
  id: string
  /** Of the list that it stands in, to which its page leads back. */
  search: RequestSearch
  /** The one that the Tab key leads to. */
  isStop: boolean
  className: string
  children: ReactNode
}

/** From a list to the page of one of its requests; keys go from one to the next by `data-request`. */
export const ListedLink = ({ id, search, isStop, className, children }: ListedLinkProps) => (
  <Link
    to="/requests/$id"
    params={{ id }}
    state={{ list: search }}
    data-request={id}
    tabIndex={isStop ? 0 : -1}
    draggable={false}
    className={className}
  >
    {children}
  </Link>
)

/** Over the last image that is shown: how many more there are. */
export const MoreImages = ({ count, className }: { count: number; className: string }) => (
  <span className={`absolute inset-0 flex items-center justify-center bg-black/60 text-white ${className}`}>
    +{count}
  </span>
)
