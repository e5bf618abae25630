import { Link } from '@tanstack/react-router'

/** For an admin of a club where nobody has said where its program is: what that keeps others from, and where it is said. */
export const RepositoryHint = ({ isBeside = false }: { /** What is open here stays so. */ isBeside?: boolean }) => (
  <>
    Friends who connect a machine have to find and install this program themselves, until you say where it can be cloned
    from: then the command does it for them.{' '}
    <Link
      to="/admin/settings"
      hash="repository"
      {...(isBeside && { target: '_blank', rel: 'noopener' })}
      className="text-accent underline underline-offset-2"
    >
      Say where under Settings
    </Link>
  </>
)
