import { Command } from 'commander'
import { asUrl, USUAL_AGENT_FILE } from './doctor/place.ts'

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Find the image servers of this machine, and what is wrong with an agent.yaml.')
    .argument('[where...]', 'addresses of image servers, or an agent.yaml (default: the usual ports, and ./agent.yaml)')
    .option('--try', 'have each server make one small image')
    .option('--write', 'write agent.yaml, or correct it')
    .option('-c, --config <file>', `the file to write (default: ${USUAL_AGENT_FILE})`)
    .action(async (where: string[], options: { try?: true; write?: true; config?: string }, command: Command) => {
      const urls = where.map(asUrl).filter((url) => url !== undefined)
      const files = [
        ...where.filter((one) => asUrl(one) === undefined),
        ...(options.config === undefined ? [] : [options.config])
      ]
      const [path = USUAL_AGENT_FILE, another] = files
      if (another !== undefined) command.error('error: only one agent.yaml can be looked at')
      const { runDoctor } = await import('./doctor/run-doctor.ts')
      await runDoctor({
        urls,
        path,
        isFileNamed: files.length > 0,
        write: options.write === true,
        tries: options.try === true
      })
    })
}
