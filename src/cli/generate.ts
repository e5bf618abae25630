import { Command } from 'commander'
import { callGateway, openGateway } from './call-gateway.ts'
import { readJobId } from './gateway-answers.ts'
import { addImageOptions, imageFields, type ImageOptions, saveJob } from './image-options.ts'

export function generateCommand(): Command {
  const command = new Command('generate').description('Make an image and save it.').argument('<prompt>')
  return addImageOptions(command).action(async (prompt: string, options: ImageOptions) => {
    const gateway = await openGateway(options)
    const fields = { prompt, ...(await imageFields(gateway, options, 'generate')) }
    const ask = () => callGateway(gateway, '/v1/images/generations', { json: fields, read: readJobId })
    await saveJob(gateway, { ask, prompt, n: options.n, output: options.output })
  })
}
