import { Base64Encoder, base64Length } from '../lib/encode-base64.ts'
import { BLOCK_BYTES, createMemoryBlocks } from '../lib/memory-blocks.ts'

/**
 * The base64 of images for which somebody waits at this process, from when they arrive until that answer is over, so that they are not read
 * from the store again for it. All of it together has a bound: what finds no room, and what nobody was waiting for when it
 * came, is read from the store.
 */
export interface AwaitedImages {
  /** Somebody waits for the image of this request as base64: it is kept as it arrives, until what is returned is called. */
  expect(requestId: string): () => void
  /** An image of a request begins to arrive, of so many bytes; undefined when it is not to be kept. */
  begin(image: { requestId: string; bytes: number }): ArrivingImage | undefined
  /** As ASCII in pieces, which are its own until the answer is over; undefined when it is not here. */
  find(storageKey: string): readonly Buffer[] | undefined
  /** The image stored under this key was taken back. */
  forget(storageKey: string): void
  close(): void
}

/** What is kept of an image while it is being stored. */
export interface ArrivingImage {
  /** The next of its bytes, which may be reused afterwards. */
  take(piece: Buffer): void
  /** It is stored whole, under this key. */
  keep(storageKey: string): void
  /** It is not. */
  drop(): void
}

interface Waiting {
  callers: number
  images: Set<KeptImage>
}

/** @param maxBytes of base64; 0: nothing is kept. */
export function createAwaitedImages(maxBytes: number): AwaitedImages {
  const memory = createMemoryBlocks(maxBytes)
  const waiting = new Map<string, Waiting>()
  const stored = new Map<string, KeptImage>()

  const release = (image: KeptImage) => {
    if (image.isOver) return
    memory.giveBack(image.end())
    if (image.storageKey !== undefined) stored.delete(image.storageKey)
  }

  return {
    expect: (requestId) => {
      const one = waiting.get(requestId) ?? { callers: 0, images: new Set() }
      waiting.set(requestId, one)
      one.callers += 1
      return () => {
        one.callers -= 1
        if (one.callers > 0) return
        waiting.delete(requestId)
        for (const image of one.images) release(image)
      }
    },
    begin: ({ requestId, bytes }) => {
      const one = waiting.get(requestId)
      const length = base64Length(bytes)
      const blocks = one && memory.take(length)
      if (!blocks) return undefined
      const image = new KeptImage(blocks, length)
      one.images.add(image)
      const drop = () => {
        release(image)
        one.images.delete(image)
      }
      return {
        take: (piece) => image.add(piece),
        keep: (storageKey) => {
          if (image.isOver) return
          if (!image.isWhole()) return drop()
          image.storageKey = storageKey
          stored.set(storageKey, image)
        },
        drop
      }
    },
    find: (storageKey) => stored.get(storageKey)?.digits(),
    forget: (storageKey) => {
      const image = stored.get(storageKey)
      if (image) release(image)
    },
    close: () => memory.close()
  }
}

/** Its memory is taken at once: many small pieces would take more than they have bytes. */
class KeptImage {
  isOver = false
  /** There once it is stored. */
  storageKey: string | undefined
  readonly #encoder = new Base64Encoder((digits) => this.#write(digits))
  readonly #length: number
  #blocks: Buffer[]
  /** How many digits have come, of which more than were announced are not there. */
  #come = 0

  constructor(blocks: Buffer[], length: number) {
    this.#blocks = blocks
    this.#length = length
  }

  add(piece: Buffer): void {
    if (!this.isOver) this.#encoder.take(piece)
  }

  /** Whether as many bytes have come as were announced; none may come after that. */
  isWhole(): boolean {
    this.#encoder.end()
    return this.#come === this.#length
  }

  digits(): Buffer[] {
    return this.#blocks.map((block, index) => block.subarray(0, this.#length - index * BLOCK_BYTES))
  }

  /** Gives back its memory. */
  end(): Buffer[] {
    const blocks = this.#blocks
    this.#blocks = []
    this.isOver = true
    return blocks
  }

  #write(digits: string): void {
    const at = this.#come % BLOCK_BYTES
    const block = this.#blocks[(this.#come - at) / BLOCK_BYTES]
    const wrote = block ? block.write(digits, at, 'latin1') : digits.length
    this.#come += wrote
    if (wrote < digits.length) this.#write(digits.slice(wrote))
  }
}
