import { MOST_REPORT_TEXT, REASON_WORDS, REPORT_REASONS } from '../../lib/report-reasons.ts'
import type { PublicPicture } from '../../request-views/public-picture-store.ts'
import { picturePage, picturePageHeaders } from './picture-page.ts'

export const PUBLIC_HEADERS = picturePageHeaders({ formAction: "'self'", referrer: 'same-origin' })

/** As wide as a picture is shown at most, twice as fine. */
const SHOWN_WIDTH = 512

/** The same for each picture. */
const QUESTIONS = `<select name="reason" aria-label="What is wrong with it?" required>
<option value="">What is wrong with it?</option>
${REPORT_REASONS.map((reason) => `<option value="${reason}">${REASON_WORDS[reason]}</option>`).join('\n')}
</select>
<textarea name="text" rows="3" maxlength="${MOST_REPORT_TEXT}" aria-label="What else the admins should know" placeholder="What else the admins should know"></textarea>
<button>Report to the admins</button>`

/** The HTML of what is said to whoever has reported a picture. */
export const reportedPage = ({ text, basePath }: { text: string; basePath: string }): string =>
  picturePage({
    title: 'Report',
    main: `<p>${text}</p>`,
    after: `    <nav><a href="${basePath}/public">Back to the pictures</a></nav>`,
    basePath
  })

/** The HTML of the page of public pictures: no prompts, no names. `older`: where it goes on. */
export function publicPage(page: {
  pictures: readonly PublicPicture[]
  older: string | undefined
  basePath: string
}): string {
  const { pictures, older, basePath } = page
  const figures = pictures.map(({ id, width, height }) => {
    const address = `${basePath}/api/inference/assets/${id}/`
    return `<figure>
<a href="${address}"><img src="${address}?width=${SHOWN_WIDTH}" alt="Picture" width="${width}" height="${height}" loading="lazy" /></a>
<details><summary>Report</summary><form method="post" action="${basePath}/public">
<input type="hidden" name="picture" value="${id}" />
${QUESTIONS}
</form></details>
</figure>`
  })
  return picturePage({
    title: 'Public pictures',
    main: figures.length === 0 ? '<p>There are no public pictures here.</p>' : figures.join('\n'),
    ...(older !== undefined && { after: `    <nav><a href="${older}">Older pictures</a></nav>` }),
    basePath
  })
}
