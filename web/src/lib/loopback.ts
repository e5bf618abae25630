/** Names by which a computer reaches itself alone. */
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

/** Whether an address leads everybody who opens it to their own computer. */
export const isLoopback = (url: string): boolean => LOOPBACK.includes(new URL(url).hostname)
