/**
 * Frees the memory of bytes that nobody looks at any more, where they are all that lies in it, as pieces of a connection are; elsewhere it
 * does nothing. V8 frees what lies outside of its heap when it collects all of the heap, which it does for every 64 MB of it, and until then what comes next
 * lies in memory that no cache has seen.
 *
 * Never of bytes that a socket or a file has still to write: the system would read what is not there.
 */
export function releaseBytes({ buffer, byteLength }: Uint8Array): void {
  if (byteLength === buffer.byteLength) release(buffer)
}

/** As much as Node reads from a connection at once: memory of that size may hold what comes next there, and smaller one is Node's own for many things. */
const MOST_SHARED_BYTES = 64 * 1024

/** The same of all that lies in the memory of these bytes, where that is more than a connection brings at once. */
export function releaseMemoryOf({ buffer }: Uint8Array): void {
  if (buffer.byteLength > MOST_SHARED_BYTES) release(buffer)
}

function release(buffer: ArrayBufferLike): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0)
}
