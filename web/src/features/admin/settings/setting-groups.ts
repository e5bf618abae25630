import type { LiveSetting } from '../../../../../src/http/dashboard/contract/admin.ts'

/** What settings are about, by their names, as admins look for them. */
const GROUPS: readonly { title: string; names: readonly string[] }[] = [
  {
    title: 'The club and who may join',
    names: [
      'clubName',
      'repository',
      'registration',
      'invitationLifetimeMs',
      'signInTries',
      'publicPage',
      'publicProvenance'
    ]
  },
  {
    title: 'What is kept, and who sees it',
    names: ['retentionMs', 'retentionBytes', 'storedBytesPerUser', 'imageLinkLifetimeMs', 'adminsLook']
  },
  { title: 'What a call may ask for', names: ['maxImagesPerRequest', 'maxPixels', 'rateLimit'] },
  {
    title: 'What one person may have at once',
    names: [
      'queuePerUser',
      'queueTotal',
      'callsPerUser',
      'streamsPerUser',
      'bytesInFlightPerUser',
      'bytesInFlight',
      'keysPerUser'
    ]
  },
  {
    title: 'Machines',
    names: [
      'providers',
      'newProviderImages',
      'newProviderTimeMs',
      'newProviderAtOnce',
      'newProviderPerHour',
      'providersPerUser',
      'servicesPerProvider',
      'modelsPerProvider',
      'passesForLoadedModel'
    ]
  },
  {
    title: 'How long is waited',
    names: ['syncTimeoutMs', 'unusableTimeoutMs', 'noProviderTimeoutMs', 'silenceMs']
  },
  { title: 'Webhooks', names: ['webhookPrivateAddresses', 'webhookRetentionMs', 'webhooksPerUser'] }
]

export interface SettingGroup {
  title: string
  settings: LiveSetting[]
}

/** Settings by what they are about; what is new stands at the end. Those alone that have every word of `query`. */
export function groupSettings(settings: readonly LiveSetting[], query: string): SettingGroup[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  const isMeant = ({ title, variable, description }: LiveSetting, group: string) => {
    const text = `${title} ${group} ${variable} ${description}`.toLowerCase()
    return words.every((word) => text.includes(word))
  }
  const left = new Map(settings.map((one) => [one.name, one]))
  const take = (names: readonly string[], title: string) =>
    names.flatMap((name) => {
      const found = left.get(name)
      left.delete(name)
      return found && isMeant(found, title) ? [found] : []
    })
  const groups = GROUPS.map(({ title, names }) => ({ title, settings: take(names, title) }))
  return [...groups, { title: 'Others', settings: take([...left.keys()], 'Others') }].filter(
    (group) => group.settings.length > 0
  )
}
