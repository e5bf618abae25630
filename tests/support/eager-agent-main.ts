import { serveAgent } from '../../src/cli/serve-agent.ts'

/** The command `agent --config <file>`, which asks an image server that is bad again sooner than it does for people. */
await serveAgent(process.argv[2] ?? '', 'info', { probing: { firstPauseMs: 250, longestPauseMs: 1000 } })
