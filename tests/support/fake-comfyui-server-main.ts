/**
 * The fake ComfyUI as a process of its own: `node fake-comfyui-server-main.ts '{"port":8188}'` takes `FakeComfyOptions` as
 * JSON, prints `{"url":"http://127.0.0.1:…"}` as one line and runs until it is killed.
 */
import { type FakeComfyOptions, startFakeComfy } from './fake-comfyui-server.ts'

const server = await startFakeComfy(JSON.parse(process.argv[2] ?? '{}') as FakeComfyOptions)
process.stdout.write(`${JSON.stringify({ url: server.url })}\n`)
