/** The names of keys that the server makes by itself: of an installation that begins, and of the demo agent. */
export const FIRST_KEY_NAME = 'first key'
export const DEMO_KEY_NAME = 'demo agent of this server'
