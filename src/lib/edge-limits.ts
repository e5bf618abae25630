/** How patient the gateway is with whoever holds a connection, and how much it listens to. */
export interface EdgeLimits {
  /** How long a whole request may take to arrive: long enough for a slow uplink to send an image. */
  requestMs: number
  /** How long a connection may be open on which nothing, or not a whole head, has come. */
  headMs: number
  /** How often connections are looked at for both. */
  lookEveryMs: number
  messages: MessageLimits
}

export interface MessageLimits {
  /**
   * Messages of one agent within a window of `windowMs`. After that many it is not read again before the window is
   * over.
   */
  most: number
  windowMs: number
  /** After this many full windows in a row the agent is closed. */
  mostFullWindows: number
}

export const EDGE_LIMITS: EdgeLimits = {
  requestMs: 900_000,
  headMs: 20_000,
  lookEveryMs: 5000,
  // Far above what steps of a hundred images at once make, far below what would keep the process from others.
  messages: { most: 1000, windowMs: 1000, mostFullWindows: 10 }
}
