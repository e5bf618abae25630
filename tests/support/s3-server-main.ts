/** The S3 server as a process of its own: prints `{"url":…}` as one line and runs until it is killed. */
import { startS3Server } from './s3-server.ts'

const server = await startS3Server()
process.stdout.write(`${JSON.stringify({ url: server.url })}\n`)
process.once('SIGTERM', () => void server.close())
