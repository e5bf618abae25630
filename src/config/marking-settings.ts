import { listSetting } from './settings.ts'

const LAYERS = ['xmp'] as const

/** What is written into every image that is made here, so that others can tell that a machine made it. */
export const MARKING = {
  markImages: listSetting(
    {
      variable: 'INFERENCE_CLUB_MARK_IMAGES',
      description:
        'How every image is marked as made by a machine (comma-separated): `xmp` names its IPTC digital source type. See [provenance.md](provenance.md).',
      fallback: [],
      defaultText: 'none'
    },
    (item) => (LAYERS.some((layer) => layer === item) ? undefined : `must be of ${LAYERS.join(', ')}, not '${item}'`)
  )
}
