import type { ClubInfo } from '../dashboard/contract/session.ts'

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;'
}

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')

/** A built page with the club's name and picture where it has those of the product, before any script has run. */
export function dressPage(html: string, { name, picture, basePath }: ClubInfo & { basePath: string }): string {
  const own = escapeHtml(name)
  const named = html
    .replace(/(?<=<title>[^<]*)inference\.club(?=<\/title>)/, () => own)
    .replace(/(?<=<span>)inference\.club(?=<\/span>)/, () => own)
  if (picture === null) return named
  return named
    .replace(/(<link rel="icon" href=")[^"]*(") type="[^"]*"/, (_all, before: string, after: string) =>
      [before, basePath, picture, after, ' type="image/png"'].join('')
    )
    .replace(/(<img src=")[^"]*favicon\.svg(")/, (_all, before: string, after: string) =>
      [before, basePath, picture, after].join('')
    )
}

/** What a browser needs to put the club among a machine's programs. */
export const webManifest = ({ name, picture, basePath }: ClubInfo & { basePath: string }): object => ({
  name,
  short_name: name,
  start_url: `${basePath}/`,
  scope: `${basePath}/`,
  display: 'standalone',
  icons: [
    picture === null
      ? { src: `${basePath}/favicon.svg`, sizes: 'any', type: 'image/svg+xml' }
      : { src: basePath + picture, sizes: '256x256', type: 'image/png' }
  ]
})
