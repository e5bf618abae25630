import { askForKey } from '../../../src/lib/ask-for-key.ts'

/**
 * Lines for a shell with git and npm that get the program, unless it is there, and go into its folder; pasted there once more
 * they stay in it. Each goes on with the next only when it has worked, so that nothing that follows ends up elsewhere. Of an
 * address that the server has checked, in which nothing means anything to a shell; without one they only look whether the
 * shell stands in the program's folder.
 */
export const cloneLines = (repository: string | null): string[] =>
  repository === null
    ? ['ls bin/inference-club &&']
    : [
        `{ [ -e bin/inference-club ] || [ -d inference.club ] || git clone ${repository} inference.club; } &&`,
        '{ [ -e bin/inference-club ] || cd inference.club; } && npm ci &&'
      ]

/**
 * Lines that ask for a key of the gateway and go on only when one was pasted: nothing that took its time is in vain then, and
 * the file of one that works stays as it is. All that follows is joined with `&&`.
 */
export const agentKeyLines = (what?: string): string[] => [
  `${askForKey('key', what)} &&`,
  "{ case $key in ic_*) ;; *) echo 'That is no API key of the gateway, which begins with ic_.' >&2; false ;; esac; } &&"
]

/** Puts the key that was asked for first, before anything can fail and leave it pasted to the shell itself, into a file of its owner alone. */
export const keyFileLine = (file: string): string => `(umask 077 && printf '%s\\n' "$key" > ${file}) &&`
