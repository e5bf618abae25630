/** What is used of the package, which brings no types; those made by others lack `chown`. */
declare module 'tar-fs' {
  /** Unpacks an archive that is written to it into the folder, as its own owners when `chown`. */
  export function extract(folder: string, options: { chown: boolean }): NodeJS.WritableStream
}
