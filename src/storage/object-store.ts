import type { Readable } from 'node:stream'
import type { ErrorCode } from '../lib/errors.ts'

/**
 * Where bytes live. Keys are made by this program (lower-case letters, digits, `_`, `-`, `.` and `/`); an object is
 * written once and never changed. Every implementation passes `tests/contracts/object-store-contract.ts`.
 */
export interface ObjectStore {
  /**
   * Stores the stream under `key`. When it resolves, the object survives a power cut; when it rejects (the source
   * failed, `signal` aborted, `maxBytes` was passed, the disk is full) nothing is left. Rejects with `ObjectTooLarge`
   * or `StoreUnavailable`, or with whatever the source stream failed with.
   */
  put(key: string, source: Readable, options: PutOptions): Promise<StoredObject>
  /**
   * The object, or a range of it; undefined when there is none. Rejects with `ObjectDamaged` when it has not as many `bytes`,
   * or with `StoreUnavailable`; so does the stream when it cannot be read to its end, or ends before it.
   */
  open(key: string, options?: OpenOptions): Promise<Readable | undefined>
  /**
   * A URL by which anybody may fetch the object for `forMs`, or a third less, with these headers; the same one for a while, so that
   * it can be cached. Undefined where there are none.
   */
  link(key: string, options: { headers: LinkHeaders; forMs: number }): Promise<string | undefined>
  /** How others bring objects without this program; absent where they cannot, or are not to. */
  readonly uploads?: DirectUploads
  /** How large the object is; undefined when there is none. */
  stat(key: string): Promise<{ bytes: number } | undefined>
  /** Gives an object another key, for good once it resolves; false when there is none. When it rejects, the object has one of the two keys. */
  move(from: string, to: string): Promise<boolean>
  /** Removes the objects of these keys, as far as there are any. */
  remove(keys: readonly string[]): Promise<void>
  /** Where objects lie in folders: removes those that the keys beginning with `prefix` had, and hold nothing any more. */
  dropEmptyFolders(prefix: string): Promise<void>
  /** Every object whose key begins with `prefix`, in no hurry and no order. */
  list(prefix: string): AsyncIterable<{ key: string; bytes: number; modifiedAt: number }>
  /** Where what is being stored takes room before it is an object: gives up what was begun before `before` (UTC milliseconds). */
  dropUnfinished(before: number): Promise<void>
  /** Bytes that may still be stored; 0 while it takes nothing, null when that cannot be told. */
  freeBytes(): Promise<number | null>
  /** How long after one the next try whether it works, and the next look through all of its objects, are due: both may cost money. */
  readonly askedAtMost: { probeMs: number; walkMs: number }
}

export interface PutOptions {
  maxBytes: number
  /** Nobody asks for the key, or will, unless `put` resolves: after a power cut before that, a part may be stored under it. */
  isNew?: boolean
  /** The pieces of the source are nobody else's: their memory may be free once they are written. */
  ownsPieces?: boolean
  signal?: AbortSignal
}

export interface OpenOptions {
  /** How many the whole object has to have. */
  bytes?: number
  /** Only `start … end`, both included. */
  range?: ByteRange
}

/** What answers to a link say of the object. */
export interface LinkHeaders {
  contentType: string
  contentDisposition: string
  cacheControl: string
}

/**
 * What others write into the store by themselves. A link can be used again and again until it ends, so nothing may depend on what
 * lies under the key that it names: what is to be looked at is copied first.
 */
export interface DirectUploads {
  /** By which anybody may write an object of these facts under `key` for `forMs`, and of no others as far as the server looks. */
  sign(key: string, upload: ObjectFacts & { forMs: number }): Promise<UploadLink>
  /**
   * Copies an object to a key that no link names, as one of this media type and with nothing else that was said of it. False when
   * there is none. Rejects with `StoreUnavailable`.
   */
  copy(from: string, to: string, facts: { contentType: string }): Promise<boolean>
}

/** What is known of an object before it is there. */
export interface ObjectFacts extends StoredObject {
  contentType: string
}

export interface UploadLink {
  url: string
  /** Of the PUT; they are part of the signature, as is its length. */
  headers: UploadHeaders
}

export interface UploadHeaders {
  'content-type': string
  /** Base64; absent where the server knows no such header. */
  'x-amz-checksum-sha256'?: string
}

export interface StoredObject {
  bytes: number
  /** Lower-case hex. */
  sha256: string
}

export interface ByteRange {
  start: number
  end: number
}

export class ObjectTooLarge extends Error {
  readonly code: ErrorCode = 'file_too_large'
  constructor(maxBytes: number) {
    super(`The object is larger than ${maxBytes} bytes.`)
  }
}

/** The store itself cannot be written or read: a full or failing disk, a server that is away. */
export class StoreUnavailable extends Error {}

/** What was stored is there no more, or not as it was stored: that does not pass by itself. */
export class ObjectDamaged extends StoreUnavailable {}
