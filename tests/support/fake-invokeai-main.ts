/**
 * The fake InvokeAI as a process of its own: takes `FakeInvokeOptions` as JSON, prints `{"url":…}` as one line and runs until
 * it is killed.
 */
import { type FakeInvokeOptions, startFakeInvoke } from './fake-invokeai.ts'

const server = await startFakeInvoke(JSON.parse(process.argv[2] ?? '{}') as FakeInvokeOptions)
process.stdout.write(`${JSON.stringify({ url: server.url })}\n`)
process.once('SIGTERM', () => void server.close())
