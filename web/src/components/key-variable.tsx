import { exportKey } from '../../../src/lib/ask-for-key.ts'
import { CopyLine } from './ui/copy-line.tsx'

/** How an API key comes into the variable where code that is shown looks for it. */
export const KeyVariable = () => (
  <CopyLine
    label="Once in that shell: put your key into its variable"
    text={exportKey()}
    hint="It asks for the key, which is thus kept out of the shell’s history; bash and zsh do not show it either. For any shell of Unix."
  />
)
