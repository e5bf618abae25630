/** What goes at once when less is kept than before. */
export interface Loss {
  requests: number
  /** Whose they are; undefined: they are all the reader's own. */
  people?: number
}

/** The same in sentences, for whoever is to say that it is meant. */
export function wouldDeleteWords({ requests, people }: Loss): string {
  if (requests === 0) {
    return 'Nothing is deleted by this now, but from now on what it no longer keeps is, with its images and inputs. Pinned ones stay.'
  }
  const [what, their] = requests === 1 ? ['one request', 'its'] : [`${requests} requests`, 'their']
  const whose = people === undefined ? 'yours' : people === 1 ? 'one person' : `${people} people`
  return `This deletes ${what} of ${whose} now, with ${their} images and inputs, for good. Pinned ones stay.`
}
