import { pictureOf, useClub } from '../lib/club.ts'

/** The club's picture and its name; a long one is cut where there is no room. */
export function ClubSign() {
  const club = useClub()
  return (
    <>
      <img src={pictureOf(club)} alt="" width={24} height={24} className="size-6 shrink-0 rounded-md" />
      <span className="line-clamp-2 min-w-0 leading-tight [overflow-wrap:anywhere]" title={club.name}>
        {club.name}
      </span>
    </>
  )
}
