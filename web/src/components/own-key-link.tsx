import { Link } from '@tanstack/react-router'

/** Leads to the dialog that makes a key for a program, in a tab of its own: what is open here stays. */
export const OwnKeyLink = () => (
  <Link to="/keys" search={{ dialog: 'new' }} target="_blank" className="text-accent underline underline-offset-2">
    Make a key
  </Link>
)
