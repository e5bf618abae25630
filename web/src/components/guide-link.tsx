import type { ReactNode } from 'react'
import { basePath } from '../lib/base-path.ts'

/** Leads to a guide that the server brings, beside what is open here. */
export const GuideLink = ({ name, children }: { name: 'agent' | 'clients' | 'configuration'; children: ReactNode }) => (
  <a
    href={`${basePath}/guides/${name}`}
    target="_blank"
    rel="noopener"
    className="text-accent underline underline-offset-2"
  >
    {children}
  </a>
)
