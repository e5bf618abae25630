import { useEffect } from 'react'
import { pictureOf, useClub } from './club.ts'

/** The name of the page in the tab and for screen readers. */
export function useTitle(title: string): void {
  const club = useClub()
  useEffect(() => {
    document.title = `${title} · ${club.name}`
  }, [title, club.name])
  // The page came with the icon of that moment.
  const picture = pictureOf(club)
  useEffect(() => {
    const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]')
    if (icon === null || icon.getAttribute('href') === picture) return
    icon.href = picture
    icon.type = club.picture === null ? 'image/svg+xml' : 'image/png'
  }, [picture, club.picture])
}
