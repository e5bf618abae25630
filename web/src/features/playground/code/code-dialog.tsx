import { skipToken, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { CopyButton } from '../../../components/ui/copy-button.tsx'
import { GuideLink } from '../../../components/guide-link.tsx'
import { KeyVariable } from '../../../components/key-variable.tsx'
import { OwnKeyLink } from '../../../components/own-key-link.tsx'
import { Dialog } from '../../../components/ui/dialog.tsx'
import { Tabs } from '../../../components/ui/tabs.tsx'
import { clubUrl } from '../../../lib/base-path.ts'
import { dataUrl } from '../../../lib/data-url.ts'
import { maskOf, type PlaygroundCall } from '../build-call.ts'
import { type CodeCall, codeCall, type CodeFile, filesOf } from './code-call.ts'
import { curlSnippet } from './curl-snippet.ts'
import { jsSnippet } from './js-snippet.ts'
import { pythonSnippet } from './python-snippet.ts'

export interface CodeDialogProps {
  call: PlaygroundCall
  onClose: () => void
}

const LANGUAGES = [
  { value: 'curl', label: 'curl', write: curlSnippet },
  { value: 'python', label: 'Python', write: pythonSnippet },
  { value: 'javascript', label: 'JavaScript', write: jsSnippet }
] as const satisfies { value: string; label: string; write: (call: CodeCall) => string }[]

type Language = (typeof LANGUAGES)[number]['value']

/** What the code needs beside a key. */
const NEEDS: Record<Language, string> = {
  curl: '.',
  python: ', and OpenAI’s own library: pip install openai.',
  javascript: ', and OpenAI’s own library: npm i openai. Save it as an .mjs file, for Node.'
}

/** The same call from a program. */
export function CodeDialog({ call, onClose }: CodeDialogProps) {
  const [language, setLanguage] = useState<Language>('curl')
  const paintedMask = usePaintedMask(call)
  const code = codeCall(call, { origin: clubUrl(), paintedMask: paintedMask.data })
  const text = LANGUAGES.find(({ value }) => value === language)?.write(code) ?? ''
  const local = filesOf(code).filter(({ url }) => url === undefined)
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title="Code for this call"
      description={
        <>
          It needs an API key in the variable <code className="font-mono">INFERENCE_CLUB_API_KEY</code>
          {NEEDS[language]} <OwnKeyLink /> <GuideLink name="clients">Other programs</GuideLink>
        </>
      }
    >
      <Tabs
        label="Language"
        value={language}
        onChange={setLanguage}
        actions={<CopyButton text={text} />}
        tabs={LANGUAGES.map(({ value, label, write }) => ({
          value,
          label,
          children: (
            <pre
              // A region that scrolls has to be reachable with the keyboard.
              tabIndex={0}
              aria-label={`${label} code`}
              role="region"
              className="max-h-[55dvh] overflow-auto rounded-xl border border-line bg-sunken p-4 font-mono text-[13px] leading-relaxed"
            >
              {/* Within milliseconds: the mask is in this browser. */}
              <code>{paintedMask.isLoading ? '' : write(code)}</code>
            </pre>
          )
        }))}
      />
      <KeyVariable />
      {local.length > 0 && <LocalFiles files={local} />}
    </Dialog>
  )
}

/** The bytes of a mask that was painted here, as an address that code can hold. */
function usePaintedMask(call: PlaygroundCall) {
  const mask = maskOf(call)
  const file = mask && 'file' in mask.origin ? mask.origin.file : undefined
  return useQuery({
    queryKey: ['painted mask', mask?.url],
    queryFn: file ? () => dataUrl(file) : skipToken,
    gcTime: 0
  })
}

/** A picture that came by the clipboard, or a mask, is no file yet. */
const LocalFiles = ({ files }: { files: readonly CodeFile[] }) => (
  <p className="text-[13px] text-muted">
    It reads these from the folder in which it runs:{' '}
    {files.map(({ name, localUrl }, index) => (
      <span key={name}>
        {index > 0 && ', '}
        <a
          href={localUrl}
          download={name}
          className="text-accent underline underline-offset-2 [overflow-wrap:anywhere]"
        >
          {name}
        </a>
      </span>
    ))}
    . Press a name to have the file.
  </p>
)
