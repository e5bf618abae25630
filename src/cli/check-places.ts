import { access, constants, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CommandFailed } from './command-failed.ts'

/** Whether files can be written there before anything is made for them. Throws `CommandFailed`, also of those that are there already, without `force`. */
export async function checkPlaces(paths: readonly string[], { force }: { force?: true | undefined }): Promise<void> {
  for (const folder of new Set(paths.map(dirname))) {
    await access(folder, constants.W_OK).catch(() => {
      throw new CommandFailed(`The folder '${folder}' does not exist or cannot be written.`)
    })
  }
  for (const path of paths) {
    const there = await stat(path).catch(() => undefined) // It need not be there.
    if (there?.isDirectory()) throw new CommandFailed(`'${path}' is a folder.`)
    // What is no file, such as /dev/stdout, holds nothing that could be lost.
    if (there?.isFile() && !force) {
      throw new CommandFailed(`'${path}' is there already: choose another name, or replace it with --force.`)
    }
  }
}
