/**
 * The fake stable-diffusion.cpp as a process of its own: takes `FakeSdcppOptions` as JSON, prints `{"url":…}` as one
 * line and runs until it is killed.
 */
import { type FakeSdcppOptions, startFakeSdcpp } from './fake-sdcpp.ts'

const server = await startFakeSdcpp(JSON.parse(process.argv[2] ?? '{}') as FakeSdcppOptions)
process.stdout.write(`${JSON.stringify({ url: server.url })}\n`)
process.once('SIGTERM', () => void server.close())
