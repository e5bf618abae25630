import { xmpOfSourceType } from './source-type.ts'

/** Larger packets are replaced: looking at them takes time, and real ones have a few KiB. */
const MAX_MERGED_BYTES = 256 * 1024
/** Of what stands in the way of the property: its attributes, and its value. */
const ATTRIBUTE_FORM = /\s[\w.-]{1,40}:DigitalSourceType\s?=\s?(?:"[^"<]{0,400}"|'[^'<]{0,400}')/g
const ELEMENT_FORM =
  /<([\w.-]{1,40}):DigitalSourceType(?:\s[^<>]{0,400})?(?:\/>|>[^<]{0,400}<\/\1:DigitalSourceType\s?>)/g
const RDF_END = /<\/([\w.-]{1,40}):RDF\s?>/g
const ABOUT = /\s[\w.-]{1,40}:about=("[^"<]{0,400}"|'[^'<]{0,400}')/
/** One piece of XML after the other; comments, CDATA and DTDs are none of them, since they could hide what is added. */
const TOKEN =
  /<\?[^<>]{0,400}\?>|<(?<closes>\/)?(?<name>[\w:.-]{1,100})(?:\s+[\w:.-]{1,100}\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*(?<empty>\/)?>|[^<]+/y
const BARE_AMPERSAND = /&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[\da-fA-F]{1,6});)/

/**
 * An XMP packet that names this source type: the one that was there with the property added or replaced, or one that says nothing
 * else when there was none, or it is not XML that every reader understands, or it would be larger than `maxBytes`.
 */
export function withSourceType(packet: Buffer | undefined, uri: string, maxBytes = Infinity): Buffer {
  const merged = packet && packet.length <= MAX_MERGED_BYTES ? merge(packet.toString(), uri) : undefined
  const bytes = Buffer.from(merged ?? xmpOfSourceType(uri))
  return bytes.length <= maxBytes ? bytes : Buffer.from(xmpOfSourceType(uri))
}

function merge(packet: string, uri: string): string | undefined {
  // The space that programs leave for changes is what makes room.
  const end = packet.lastIndexOf('<?xpacket end')
  const text = end === -1 ? packet : packet.slice(0, end).trimEnd() + packet.slice(end)
  if (!isWellFormed(text)) return undefined
  const bare = text.replace(ATTRIBUTE_FORM, '').replace(ELEMENT_FORM, '')
  const last = [...bare.matchAll(RDF_END)].at(-1)
  if (!last || bare.includes(':DigitalSourceType')) return undefined
  const rdf = last[1] ?? ''
  const about = ABOUT.exec(bare)?.[1] ?? '""'
  const property =
    `<${rdf}:Description ${rdf}:about=${about} xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" ` +
    `Iptc4xmpExt:DigitalSourceType="${uri}"/>`
  return bare.slice(0, last.index) + property + bare.slice(last.index)
}

/** As far as an added element needs it: every tag is whole and closed by its own. */
function isWellFormed(text: string): boolean {
  if (BARE_AMPERSAND.test(text)) return false
  const open: string[] = []
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < text.length;) {
    const groups = TOKEN.exec(text)?.groups
    if (!groups) return false
    const { name, closes, empty } = groups
    if (name === undefined) continue
    if (closes !== undefined) {
      if (open.pop() !== name) return false
    } else if (empty === undefined) open.push(name)
  }
  return open.length === 0
}
