/** A way to the same image server that is measured beside others. */
export interface Target {
  name: string
  /** Ends in `/v1`. */
  baseUrl: string
  headers: Record<string, string>
  /** Added to every call. */
  fields: { response_format: 'url' | 'b64_json' }
  /** Without the upstream's. */
  processes: readonly WatchedProcess[]
}

export interface WatchedProcess {
  name: 'gateway' | 'agent' | 'upstream'
  pid: number
}

/** What is added to the targets of one program, and how it is ended. */
export interface OpenedTargets {
  targets: readonly Target[]
  close(): Promise<void>
}
