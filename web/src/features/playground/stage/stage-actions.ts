import type { ImageInfo, RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import type { Submission } from '../submit/submissions.ts'

/** What can be done with what is on the stage. */
export interface StageActions {
  /** Makes an image the one source image. */
  edit: (image: ImageInfo) => void
  addSource: (image: ImageInfo) => void
  useSeed: (seed: number) => void
  usePrompt: (prompt: string) => void
  /** Its page. */
  open: (request: RequestSummary) => void
  /** The same call once more, with the seed that was drawn for it where none was asked for: the same pictures. */
  again: (request: RequestSummary) => void
  /** With another seed. */
  vary: (request: RequestSummary) => void
  /** Puts its prompt, options and images into the form. */
  take: (request: RequestSummary) => void
  showCode: (request: RequestSummary) => void
  cancel: (request: RequestSummary) => void
  retry: (request: RequestSummary) => void
  /** Sends what was not answered again, or forgets it. */
  resend: (submission: Submission) => void
  discard: (submission: Submission) => void
}
