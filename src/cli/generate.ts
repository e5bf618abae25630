import { Command } from 'commander'
import { callGateway, openGateway } from './call-gateway.ts'
import { addImageOptions, imageFields, type ImageOptions, saveJob } from './image-options.ts'

export function generateCommand(): Command {
  const command = new Command('generate').description('Make an image and save it.').argument('<prompt>')
  return addImageOptions(command).action(async (prompt: string, options: ImageOptions) => {
    const gateway = await openGateway(options)
    const fields = { prompt, ...(await imageFields(gateway, options, 'generate')) }
    const job = await callGateway<{ id: string }>(gateway, '/v1/images/generations', { json: fields })
    await saveJob(gateway, { id: job.id, prompt, output: options.output })
  })
}
