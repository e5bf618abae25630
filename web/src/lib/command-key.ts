/** Keyboards of Apple's have a key of their own for commands. */
const isMac = /mac|iphone|ipad/i.test(navigator.userAgent)

/** What is written on the key for commands. */
export const COMMAND_KEY = isMac ? '⌘' : 'Ctrl'
