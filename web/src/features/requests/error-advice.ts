import type { RequestError } from '../../../../src/http/dashboard/contract/requests.ts'

/** What to do about an error that ended a request, by its code. */
const ADVICE: Record<string, string> = {
  content_rejected: 'The image server refused what was asked for. Change the prompt or the images, then send it again.',
  no_provider: 'No machine that serves this model was online in time. Connect one, or use another model, then retry.',
  upstream_error: 'Retry it. If it fails again, look at the log of the image server that is named below.',
  upstream_busy: 'The image servers that have this model were busy or could not be used. Retry it later.',
  timeout: 'It took longer than its machine allows. Ask for fewer steps or a smaller size.',
  invalid_request: 'The image server does not accept these parameters. Change them in the playground.',
  invalid_size: 'Choose another size in the playground.',
  storage_unavailable:
    'Images could not be stored or read. Retry it when the storage works again, or send the source images anew.',
  insufficient_quota: 'A limit is used up. Wait until it renews, or ask an admin to raise it.',
  internal_error: 'Retry it. If it fails again, tell the operator the id of this request.'
}

const OTHERWISE = 'Retry it, or change it in the playground.'

export const adviceFor = ({ code }: RequestError): string =>
  (Object.hasOwn(ADVICE, code) ? ADVICE[code] : undefined) ?? OTHERWISE
