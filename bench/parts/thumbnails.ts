import { createImageCaller } from '../load/image-caller.ts'
import { failuresOf, speedOf } from '../load/latencies.ts'
import type { LoadResult } from '../load/closed-loop.ts'
import { watchUsage } from '../process-usage.ts'
import { openClub } from '../targets/open-club.ts'
import { leastBytesOf } from '../upstream.ts'
import type { Part } from './part.ts'

/** As a page of the gallery asks for them. */
const IMAGES = 24
const WIDTH = 256

export const thumbnails: Part = {
  name: 'thumbnails',
  about: `thumbnails of ${IMAGES} new images of 1.5 MB, as a page of the gallery asks for them`,
  run: async ({ options, upstream, record }) => {
    await using stack = new AsyncDisposableStack()
    const club = await openClub(upstream)
    stack.defer(() => club.remove())
    await upstream.control({ picture: 'large', delayMs: 0 })
    const caller = createImageCaller(club.target('url'), { connections: 4, leastBytes: leastBytesOf('large') })
    stack.defer(() => caller.close())
    for (let run = 0; run < options.runs; run++) {
      const urls = await Promise.all(Array.from({ length: IMAGES }, () => caller.check({})))
      for (const target of ['made when first asked for', 'asked for again']) {
        const usage = await watchUsage(club.processes.filter(({ name }) => name === 'gateway'))
        const result = await fetchAll(urls, club.headers)
        const used = await usage.since(IMAGES)
        const { figures: failed, note } = failuresOf(result)
        const figures = { ...speedOf(result), ...used, ...failed }
        record({ what: `${IMAGES} thumbnails at once`, target, figures, ...(note !== undefined && { note }) })
      }
    }
  }
}

async function fetchAll(urls: readonly (string | undefined)[], headers: Record<string, string>): Promise<LoadResult> {
  const began = performance.now()
  const answers = await Promise.all(
    urls.map(async (url) => {
      const response = await fetch(`${url}?width=${WIDTH}`, { headers })
      const { byteLength } = await response.arrayBuffer()
      const ms = performance.now() - began
      return response.ok && byteLength > 0 ? { ms } : { ms, failure: `${response.status}` }
    })
  )
  return { answers, seconds: (performance.now() - began) / 1000 }
}
