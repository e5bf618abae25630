/**
 * A list of commands, for any shell of Unix, that asks for a key and has it in this variable: what is pasted to `read` is in no
 * shell's history and in no list of processes, unlike a key within a command. Bash and zsh do not show it either, for which they
 * have `-s`; to ksh that means to keep it in the history, and dash has nothing. What follows is joined with `&&`, for of lines of
 * their own `read` would take the next one.
 */
export const askForKey = (variable: string, what = 'key'): string =>
  `printf 'Paste the ${what}, press Enter: ' && read -r\${BASH_VERSION:+s}\${ZSH_VERSION:+s} ${variable} && echo`

/** The same, for programs that look for it in their environment. */
export const exportKey = (variable = 'INFERENCE_CLUB_API_KEY'): string => `${askForKey(variable)} && export ${variable}`
