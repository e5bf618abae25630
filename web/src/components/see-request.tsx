import { Link } from '@tanstack/react-router'

/** Within a line of text: leads to a request's page. */
export const SeeRequest = ({ id }: { id: string }) => (
  <Link
    to="/requests/$id"
    params={{ id }}
    className="inline-flex items-center font-medium text-accent hover:underline pointer-coarse:min-h-[40px]"
  >
    See the request
  </Link>
)
