import { randomUUID } from 'node:crypto'
import { type PictureHead, PictureLifter, type PictureTaker } from '../images/picture-lifter.ts'
import { Base64Decoder } from '../lib/base64-decoder.ts'
import { releaseBytes } from '../lib/release-bytes.ts'
import { GrowingBytes } from './growing-bytes.ts'

/** Pictures of an answer that were decoded while it came, by the base64 that stands for each in its text. */
export type LiftedPictures = Map<string, Buffer>

export interface LiftedText {
  /** Short, with a word of its own where each picture was: what reads answers finds it where the picture's base64 would be. */
  text: string
  pictures: LiftedPictures
}

/** Of the last piece of base64 more than its bytes may be asked for. */
const ROUNDING = 8

/**
 * Takes an answer in pieces and decodes the pictures in it at once, so that neither their base64 nor the whole of the answer is ever
 * in memory. What is no JSON comes out as it is.
 */
export class AnswerLifter {
  readonly pictures: LiftedPictures = new Map()
  readonly #maxPictureBytes: number
  readonly #lifter: PictureLifter
  #text = new GrowingBytes()
  /** Digits of base64, as a picture's; nothing that the server says by itself. */
  readonly #word = `lifted${randomUUID().replaceAll('-', '')}n`
  #lifted = 0
  #bytesToCome: number

  /** `expectedBytes`: of the whole answer, as it says. No buffer is made larger than `maxPictureBytes` for what is only announced. */
  constructor({ maxPictureBytes, expectedBytes = 0 }: { maxPictureBytes: number; expectedBytes?: number | undefined }) {
    this.#maxPictureBytes = maxPictureBytes
    this.#bytesToCome = expectedBytes
    this.#lifter = new PictureLifter({ lift: (head) => this.#lift(head), keep: (text) => this.#text.append(text) })
  }

  /** Takes a piece that nobody looks at afterwards: its memory may be free by then. */
  write(chunk: Buffer): void {
    const { length } = chunk
    this.#lifter.write(chunk)
    this.#bytesToCome -= length
  }

  /** After the last piece. */
  end(): LiftedText {
    this.#lifter.end()
    return { text: this.takeText().toString(), pictures: this.pictures }
  }

  /** The text since it was taken last, with the pictures that began in it. */
  takeText(): Buffer {
    const text = this.#text.taken()
    this.#text = new GrowingBytes()
    return text
  }

  #lift({ prefix }: PictureHead): PictureTaker {
    const standsFor = `${this.#word}${(this.#lifted += 1)}`
    const decoder = new Base64Decoder()
    const bytes = new GrowingBytes(Math.min(this.#maxPictureBytes, Math.ceil((this.#bytesToCome * 3) / 4)) + ROUNDING)
    return {
      written: prefix + standsFor,
      take: (piece) => {
        // Of what is too large already no more is kept.
        if (bytes.length <= this.#maxPictureBytes)
          bytes.write(decoder.mostBytes(piece), (target, at) => decoder.decodeInto(target, at, piece))
        releaseBytes(piece)
      },
      end: () => {
        bytes.append(decoder.end())
        this.pictures.set(standsFor, bytes.taken())
      }
    }
  }
}

/** The same of an answer that is there as a whole. */
export function liftPictures(answer: Buffer, maxPictureBytes: number): LiftedText {
  const lifter = new AnswerLifter({ maxPictureBytes, expectedBytes: answer.length })
  lifter.write(answer)
  return lifter.end()
}
