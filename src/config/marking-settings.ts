import { booleanSetting, listSetting, textSetting } from './settings.ts'

export const MARK_LAYERS = ['xmp', 'c2pa'] as const

const named = (name: string) => `INFERENCE_CLUB_${name}`

/** What is written into every image that is made here, so that others can tell that a machine made it. */
export const MARKING = {
  markImages: listSetting(
    {
      variable: named('MARK_IMAGES'),
      description:
        'How every image is marked as made by a machine (comma-separated): `xmp` names its IPTC digital source type, `c2pa` signs a manifest. See [provenance.md](provenance.md).',
      fallback: [],
      defaultText: 'none'
    },
    (item) =>
      MARK_LAYERS.some((layer) => layer === item) ? undefined : `must be of ${MARK_LAYERS.join(', ')}, not '${item}'`
  ),
  c2paCertificate: textSetting<string | undefined>({
    variable: named('C2PA_CERTIFICATE'),
    description:
      'File of the certificate that manifests are signed with and of those that vouch for it, to the last of them, in PEM.',
    fallback: undefined,
    defaultText: 'one of its own, which nobody else knows'
  }),
  c2paKey: textSetting<string | undefined>({
    variable: named('C2PA_KEY'),
    description: 'File of its private key, in PEM.',
    fallback: undefined,
    defaultText: '`provenance/signing.pem` of the data folder, made when it is missing'
  }),
  timeStampUrl: textSetting<string | undefined>(
    {
      variable: named('C2PA_TIME_STAMP_URL'),
      description: 'URL of an authority (RFC 3161) that says when each manifest was signed.',
      fallback: undefined,
      defaultText: 'none: signed without a time'
    },
    (text) =>
      URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) ? undefined : 'must be an http or https URL'
  ),
  publicProvenance: booleanSetting<boolean>({
    variable: named('PUBLIC_PROVENANCE'),
    live: true,
    title: 'Everybody may ask whether a picture was made here',
    description:
      'Let everybody, without a key, ask whether a picture was made here, 30 times a minute from an address.',
    fallback: false
  })
}

/** One line for each setting that does nothing without another. */
export function missingMarkingSettings(isSet: (variable: string) => boolean): string[] {
  const { markImages, c2paCertificate, c2paKey, timeStampUrl } = MARKING
  const needs = [
    [c2paCertificate, c2paKey],
    [c2paKey, c2paCertificate],
    [c2paCertificate, markImages],
    [timeStampUrl, markImages]
  ] as const
  return needs
    .filter(([one, other]) => isSet(one.variable) && !isSet(other.variable))
    .map(([one, other]) => `${other.variable} is missing: ${one.variable} needs it`)
}

/** These settings are well formed and cannot work; the message says what to set. */
export class MarkingMisconfigured extends Error {}
