/** IPTC's list of how a picture came about: https://cv.iptc.org/newscodes/digitalsourcetype/ */
const VOCABULARY = 'http://cv.iptc.org/newscodes/digitalsourcetype/'
/** Made by a model altogether. */
export const TRAINED = `${VOCABULARY}trainedAlgorithmicMedia`
/** Made by a model in part. */
export const COMPOSITE = `${VOCABULARY}compositeWithTrainedAlgorithmicMedia`

/** Beyond it nothing is looked for: real packets have a few KiB, and manifests name it near their end. */
const MAX_READ_BYTES = 1024 * 1024
/** What can be a packet of nothing else, with the space that programs leave for changes. */
const MAX_PLAIN_BYTES = 64 * 1024

const URI = /https?:\/\/cv\.iptc\.org\/newscodes\/digitalsourcetype\/([A-Za-z]{1,64})/g

/**
 * The digital source type that an XMP packet or a C2PA manifest names, as a URI; undefined when there is none. Of several
 * the last: a manifest store ends in the manifest of this very image, and begins with those of its ingredients.
 */
export function findSourceType(block: Buffer): string | undefined {
  const text = block.subarray(-MAX_READ_BYTES).toString('latin1')
  const name = [...text.matchAll(URI)].at(-1)?.[1]
  return name === undefined ? undefined : VOCABULARY + name
}

/** Of a picture of which a part was put back as it was before. */
export const asComposite = (sourceType: string): string => (sourceType === TRAINED ? COMPOSITE : sourceType)

/** An XMP packet that says the source type and nothing else. */
export const xmpOfSourceType = (uri: string): string =>
  '<?xpacket begin="\uFEFF" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">' +
  '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" ' +
  'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" ' +
  `Iptc4xmpExt:DigitalSourceType="${uri}"/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`

/** All that a packet may hold beside the source type and still say nothing: its own wrapping. */
const WRAPPING = [
  /<\?xpacket begin=["'](?:\uFEFF)?["'] id=["']W5M0MpCehiHzreSzNTczkc9d["']\?>/g,
  /<\?xpacket end=["'][rw]["']\?>/g,
  /\sxmlns:\w{1,40}=["'](?:adobe:ns:meta\/|http:\/\/www\.w3\.org\/1999\/02\/22-rdf-syntax-ns#|http:\/\/iptc\.org\/std\/Iptc4xmpExt\/2008-02-29\/)["']/g,
  /\sx:xmptk=["'][\w .:()/-]{0,60}["']/g,
  /\srdf:about=["']["']/g,
  /\sIptc4xmpExt:DigitalSourceType=["']https?:\/\/cv\.iptc\.org\/newscodes\/digitalsourcetype\/[A-Za-z]{1,64}["']/g,
  /<Iptc4xmpExt:DigitalSourceType>https?:\/\/cv\.iptc\.org\/newscodes\/digitalsourcetype\/[A-Za-z]{1,64}<\/Iptc4xmpExt:DigitalSourceType>/g,
  /<Iptc4xmpExt:DigitalSourceType\s{1,9}rdf:resource=["']https?:\/\/cv\.iptc\.org\/newscodes\/digitalsourcetype\/[A-Za-z]{1,64}["']\s?\/>/g
]
const EMPTY_ELEMENTS = /^(?:\s|<\/?(?:x:xmpmeta|rdf:RDF|rdf:Description)\s{0,9}\/?>)*$/

/**
 * What of an XMP packet may go on: all of it, the same buffer, when it says nothing but the source type; one made anew when it
 * says more; undefined when it names none.
 */
export function reduceXmp(packet: Buffer): Buffer | undefined {
  const sourceType = findSourceType(packet)
  if (sourceType === undefined) return undefined
  return saysNothingElse(packet) ? packet : Buffer.from(xmpOfSourceType(sourceType))
}

function saysNothingElse(packet: Buffer): boolean {
  if (packet.length > MAX_PLAIN_BYTES) return false
  const rest = WRAPPING.reduce((text, pattern) => text.replace(pattern, ''), packet.toString())
  return EMPTY_ELEMENTS.test(rest)
}
