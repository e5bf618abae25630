import { booleanSetting, choiceSetting, textSetting } from './settings.ts'

const named = (name: string) => `INFERENCE_CLUB_${name}`

/** The data folder, where a place of images is named. */
export const ON_DISK = 'disk'

/** Where images are stored, and how they reach whoever fetches them. */
export const STORAGE = {
  storage: textSetting<string | undefined>(
    {
      variable: named('STORAGE'),
      description:
        'Where images are stored: `s3://bucket` or `s3://bucket/prefix`, with credentials from where AWS tools look for them (`AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, a profile, a role of the machine).',
      fallback: undefined,
      defaultText: 'the data folder'
    },
    checkStorage
  ),
  storageFrom: textSetting<string | undefined>(
    {
      variable: named('STORAGE_FROM'),
      description:
        'Where images were stored before, while `bin/inference-club storage move` moves them: `disk` (the data folder), or `s3://bucket/prefix` at the same server as the other. What has not been moved yet is read from there.',
      fallback: undefined,
      defaultText: 'nothing is moved'
    },
    (text) => (text === ON_DISK ? undefined : checkStorage(text)?.replace('must be', 'must be disk,'))
  ),
  storageDelivery: textSetting<string>(
    {
      variable: named('STORAGE_DELIVERY'),
      description:
        'How images in a bucket reach whoever fetches them: `proxy` through this server, `redirect` to links that are signed for 15 minutes, or the URL of a content delivery network in front of the prefix; that gets only what needs no key.',
      fallback: 'proxy'
    },
    (text) =>
      ['proxy', 'redirect'].includes(text) || checkEndpoint(text) === undefined
        ? undefined
        : `must be proxy, redirect or the URL of a content delivery network, not '${text}'`
  ),
  storageUploads: choiceSetting<'proxy' | 'direct'>({
    variable: named('STORAGE_UPLOADS'),
    description:
      'How images of agents get into a bucket: `proxy` through this server, `direct` by links that are signed for each of them, for which agents have to reach the bucket; those that do not go on through this server. Not with `INFERENCE_CLUB_MARK_IMAGES`.',
    fallback: 'proxy',
    choices: ['proxy', 'direct']
  }),
  s3Endpoint: textSetting<string | undefined>(
    {
      variable: named('S3_ENDPOINT'),
      description: 'URL of an S3 server other than that of AWS, such as `https://s3.example.org`.',
      fallback: undefined,
      defaultText: 'that of AWS'
    },
    checkEndpoint
  ),
  s3PublicEndpoint: textSetting<string | undefined>(
    {
      variable: named('S3_PUBLIC_ENDPOINT'),
      description:
        'URL of the same S3 server for everybody else, where it is another: of links, for `INFERENCE_CLUB_STORAGE_UPLOADS=direct` and `INFERENCE_CLUB_STORAGE_DELIVERY=redirect`.',
      fallback: undefined,
      defaultText: 'the same'
    },
    checkEndpoint
  ),
  s3Region: textSetting<string | undefined>(
    {
      variable: named('S3_REGION'),
      description: 'Region of the bucket, such as `eu-central-1`, `auto` (R2) or `garage`.',
      fallback: undefined,
      defaultText: '`AWS_REGION` or the profile, with an endpoint else `us-east-1`'
    },
    (text) => (/^[a-z0-9-]{1,64}$/i.test(text) ? undefined : `must be the name of a region, not '${text}'`)
  ),
  s3ForcePathStyle: booleanSetting<boolean | undefined>({
    variable: named('S3_FORCE_PATH_STYLE'),
    description: 'Name the bucket in the path of URLs and not in the host.',
    fallback: undefined,
    defaultText: '1 with `INFERENCE_CLUB_S3_ENDPOINT`, else 0'
  })
}

/** One line for each setting that does nothing without a bucket. */
export function missingStorageSettings(isSet: (variable: string) => boolean): string[] {
  const { storage, storageFrom, ...others } = STORAGE
  if (isSet(storage.variable) || isSet(storageFrom.variable)) return []
  return Object.values(others)
    .filter(({ variable }) => isSet(variable))
    .map(({ variable }) => `${storage.variable} is missing: ${variable} needs it`)
}

/** Images are moved from one place to another, and a content delivery network knows one. */
export function contradictingMove(config: {
  storage: string | undefined
  storageFrom: string | undefined
  storageDelivery: string
}): string[] {
  const { storage = ON_DISK, storageFrom, storageDelivery } = config
  if (storageFrom === undefined) return []
  const nameOf = (place: string) => (place === ON_DISK ? place : Object.values(parseS3Location(place)).join('/'))
  const { variable } = STORAGE.storageFrom
  return [
    ...(nameOf(storage) === nameOf(storageFrom) ? [`${variable} must be another place than the one images go to`] : []),
    ...(['proxy', 'redirect'].includes(storageDelivery)
      ? []
      : [`${STORAGE.storageDelivery.variable} must be proxy or redirect with ${variable}`])
  ]
}

/** What is marked has to be written by this server, whoever brought it. */
export const contradictingUploads = (config: { storageUploads: string; markImages: readonly string[] }): string[] =>
  config.storageUploads === 'direct' && config.markImages.length > 0
    ? [
        `${STORAGE.storageUploads.variable} must be proxy with INFERENCE_CLUB_MARK_IMAGES: what is marked is written by this server`
      ]
    : []

/** These settings are well formed and cannot work; the message says what to set. */
export class StorageMisconfigured extends Error {}

export interface S3Location {
  bucket: string
  /** What its keys begin with: empty, or ends in a slash. */
  prefix: string
}

const MAX_PREFIX_CHARACTERS = 200

/** The bucket and prefix of a value that `checkStorage` took. */
export function parseS3Location(storage: string): S3Location {
  const [, bucket = '', path = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(storage) ?? []
  const prefix = path.replace(/\/+$/, '')
  return { bucket, prefix: prefix && `${prefix}/` }
}

function checkStorage(text: string): string | undefined {
  const { bucket, prefix } = parseS3Location(text)
  const wrong = bucket === '' ? '' : (wrongInBucket(bucket) ?? wrongInPrefix(prefix))
  if (wrong === undefined) return undefined
  return `must be s3://bucket or s3://bucket/prefix${wrong && `; ${wrong}`}`
}

/** Of buckets from before 2018 longer names than 63 characters, capitals and underscores are still in use. */
function wrongInBucket(bucket: string): string | undefined {
  const { length } = bucket
  if (length < 3) return `the name of a bucket has 3 characters at least, '${bucket}' has ${length}`
  if (length > 255) return `the name of a bucket has 63 characters at most, in old ones 255, this has ${length}`
  if (!/^[a-z0-9][a-z0-9._-]*[a-z0-9]$/i.test(bucket)) {
    return 'the name of a bucket is of letters, digits, - . and _, a letter or digit first and last'
  }
  if (bucket.includes('..')) return 'the name of a bucket has no two dots in a row'
  if (/^\d+(\.\d+){3}$/.test(bucket)) return 'the name of a bucket is no IP address'
  return undefined
}

function wrongInPrefix(prefix: string): string | undefined {
  if (prefix.length > MAX_PREFIX_CHARACTERS + 1) {
    return `the prefix has ${MAX_PREFIX_CHARACTERS} characters at most, this has ${prefix.length - 1}`
  }
  if (/^([\w-][\w.-]*\/)*$/.test(prefix)) return undefined
  return 'the prefix is of letters, digits, - _ . and /, no part of it empty or beginning with a dot'
}

function checkEndpoint(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isRight = url && /^https?:$/.test(url.protocol) && !url.search && !url.hash && !url.username && !url.password
  return isRight ? undefined : 'must be an http or https URL without credentials and query'
}
