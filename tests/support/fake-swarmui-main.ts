/**
 * The fake SwarmUI as a process of its own: takes `FakeSwarmOptions` as JSON, prints `{"url":…}` as one line and runs until
 * it is killed.
 */
import { type FakeSwarmOptions, startFakeSwarm } from './fake-swarmui.ts'

const server = await startFakeSwarm(JSON.parse(process.argv[2] ?? '{}') as FakeSwarmOptions)
process.stdout.write(`${JSON.stringify({ url: server.url })}\n`)
process.once('SIGTERM', () => void server.close())
