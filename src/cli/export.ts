import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { Command, Option } from 'commander'
import { addGatewayOptions, type GatewayOptions, openAnswer, openGateway, refused } from './call-gateway.ts'
import { CommandFailed } from './command-failed.ts'
import { checkPlaces } from './check-places.ts'
import { saveStream } from './save-stream.ts'
import { withAccounts } from './with-accounts.ts'

interface ExportOptions extends GatewayOptions {
  user?: string
  output?: string
  /** As it was called once. */
  out?: string
  force?: true
}

/** It holds what only its owner was to see. */
const OWNER_ONLY = 0o600

export function exportCommand(): Command {
  const command = new Command('export')
    .description('Save all images of somebody, with their requests, as a ZIP archive.')
    .addOption(
      new Option(
        '--user <email>',
        'whose, read from the data folder of this machine (default: those of the API key, from its server)'
      ).conflicts(['url', 'key'])
    )
    .option('-o, --output <file>', 'the archive')
    .addOption(new Option('--out <file>').hideHelp())
    .option('-f, --force', 'replace a file that is there')
  return addGatewayOptions(command).action(async ({ user, output, out: former, force, ...gateway }: ExportOptions) => {
    const out = output ?? former
    if (out === undefined) return command.error("error: required option '-o, --output <file>' not specified")
    await checkPlaces([out], { force })
    if (user === undefined) await saveOwn(gateway, out)
    else await saveOf(user, out)
    process.stdout.write(`${out}\n`)
  })
}

async function saveOwn(options: GatewayOptions, out: string): Promise<void> {
  const gateway = await openGateway(options)
  const answer = await openAnswer(gateway, '/v1/export')
  const { body, headers } = answer
  if (!body || !/^application\/zip\b/i.test(headers.get('content-type') ?? '')) throw refused(gateway, answer)
  await saveStream(Readable.fromWeb(body as ReadableStream), out, OWNER_ONLY)
}

const saveOf = (email: string, out: string): Promise<void> =>
  withAccounts(async ({ users, openExport }) => {
    const person = await users.findUserByEmail(email)
    if (!person) throw new CommandFailed(`There is nobody with the address ${email}.`)
    const archive = (await openExport())({ id: person.id, email: person.email }, new AbortController().signal)
    await saveStream(Readable.from(archive, { objectMode: false }), out, OWNER_ONLY)
  })
