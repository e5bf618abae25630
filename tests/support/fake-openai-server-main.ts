/**
 * The fake image server as a process of its own: `node fake-openai-server-main.ts '{"requiredApiKey":"k"}'` takes
 * `FakeOpenAIOptions` as JSON, prints `{"url":"http://127.0.0.1:…"}` as one line and runs until it is killed.
 */
import { type FakeOpenAIOptions, startFakeOpenAIServer } from './fake-openai-server.ts'

const server = await startFakeOpenAIServer(JSON.parse(process.argv[2] ?? '{}') as FakeOpenAIOptions)
process.stdout.write(`${JSON.stringify({ url: server.url })}\n`)
process.once('SIGTERM', () => void server.close())
process.once('SIGINT', () => void server.close())
