/**
 * Lines for a shell with git and npm that get the program, unless it is there, and go into its folder; what follows is to run
 * there. Of an address that the server has checked, in which nothing means anything to a shell.
 */
export const cloneLines = (repository: string | null): string[] =>
  repository === null
    ? []
    : [`[ -d inference.club ] || git clone ${repository} inference.club`, 'cd inference.club && npm ci']
