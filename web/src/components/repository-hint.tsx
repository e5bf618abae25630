import { Link } from '@tanstack/react-router'

/** For an admin of a club where nobody has said where its program is: what that keeps others from, and where it is said. */
export const RepositoryHint = ({ isBeside = false }: { /** What is open here stays so. */ isBeside?: boolean }) => (
  <>
    Friends cannot copy lines that do all of it until you say where this program is cloned from.{' '}
    <Link
      to="/admin/settings"
      hash="repository"
      {...(isBeside && { target: '_blank', rel: 'noopener' })}
      className="text-accent underline underline-offset-2"
    >
      Say it under Settings
    </Link>
  </>
)
