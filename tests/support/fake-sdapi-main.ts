/**
 * The fake stable-diffusion-webui as a process of its own: takes `FakeSdapiOptions` as JSON, prints `{"url":…}` as one
 * line and runs until it is killed.
 */
import { type FakeSdapiOptions, startFakeSdapi } from './fake-sdapi.ts'

const server = await startFakeSdapi(JSON.parse(process.argv[2] ?? '{}') as FakeSdapiOptions)
process.stdout.write(`${JSON.stringify({ url: server.url })}\n`)
process.once('SIGTERM', () => void server.close())
