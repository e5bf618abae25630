import type { ProviderInfo, ServiceInfo, UsedUp } from '../../../../src/http/dashboard/contract/network.ts'
import { formatNumber, formatUntil } from '../../lib/format.ts'

type Sharing = Pick<ServiceInfo, 'access' | 'bar' | 'listed' | 'imagesPerHour' | 'imagesPerUserHour' | 'usedThisHour'>

const images = (count: number): string => (count === 1 ? '1 image' : `${formatNumber(count)} images`)

/** That nothing is left of what others may have within an hour, and until when; what is being made may fail, and leave its place. */
export function usedUpWords({ until, beingMade, isOwnShare }: UsedUp): string {
  const ofReader = isOwnShare ? ' for you' : ''
  if (beingMade !== undefined) {
    return beingMade === 1
      ? `the last one${ofReader} is being made`
      : `the last ${formatNumber(beingMade)}${ofReader} are being made`
  }
  return `none left${ofReader} ${until === null ? 'for now' : `until ${formatUntil(until)}`}`
}

/** What others than its owner may have of a service, and how much of it they had; first of all that the reader has nothing, where it is so. */
export function sharingText(service: Sharing, standing: ProviderInfo['trust']['state']): string {
  const { access, bar } = service
  if (access === 'private') return 'Others have nothing of it.'
  return bar === 'reader'
    ? `Its owner does not let you have images of it. ${othersText(service, standing)}`
    : othersText(service, standing)
}

function othersText(
  { imagesPerHour, imagesPerUserHour, usedThisHour }: Sharing,
  standing: ProviderInfo['trust']['state']
): string {
  const each = imagesPerUserHour === null ? undefined : `${images(imagesPerUserHour)} each`
  const all = imagesPerHour === null ? undefined : `${images(imagesPerHour)} together`
  const limits = [all, each].filter((part) => part !== undefined).join(', ')
  if (standing === 'limited' && limits === '') return 'Others have no limit there beside the club’s for new machines.'
  if (standing !== 'trusted' && standing !== 'limited') {
    return `Once it may serve others, they may have ${limits === '' ? 'as many images as they like' : `${limits} within an hour`}.`
  }
  if (limits === '') return 'Others may have as many images as they like.'
  const used = usedThisHour === null ? '' : ` They had ${formatNumber(usedThisHour)} within the last hour.`
  return `Others may have ${limits} within an hour.${used}`
}

/** The same in few words, and whether there is something left of it; null where there is no such limit, or the reader has nothing of it. */
export function capText({
  access,
  bar,
  imagesPerHour,
  imagesPerUserHour,
  usedUp
}: Pick<ServiceInfo, 'access' | 'bar' | 'imagesPerHour' | 'imagesPerUserHour' | 'usedUp'>): string | null {
  if (access === 'private' || bar === 'reader' || (imagesPerHour === null && imagesPerUserHour === null)) return null
  const limits = [
    ...(imagesPerHour === null ? [] : [`${images(imagesPerHour)} an hour for others`]),
    ...(imagesPerUserHour === null
      ? []
      : [
          imagesPerHour === null
            ? `${images(imagesPerUserHour)} an hour for each of the others`
            : `${imagesPerUserHour} each`
        ])
  ].join(', ')
  if (!usedUp) return limits
  return `${limits}; ${usedUpWords(usedUp)}`
}
