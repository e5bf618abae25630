import { useState } from 'react'
import { CopyButton } from '../../../components/ui/copy-button.tsx'
import { GuideLink } from '../../../components/guide-link.tsx'
import { Dialog } from '../../../components/ui/dialog.tsx'
import { Tabs } from '../../../components/ui/tabs.tsx'
import { maskOf, type PlaygroundCall } from '../build-call.ts'
import { type CodeCall, codeCall } from './code-call.ts'
import { curlSnippet } from './curl-snippet.ts'
import { jsSnippet } from './js-snippet.ts'
import { pythonSnippet } from './python-snippet.ts'
import { clubUrl } from '../../../lib/base-path.ts'

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

/** The same call from a program. */
export function CodeDialog({ call, onClose }: CodeDialogProps) {
  const [language, setLanguage] = useState<Language>('curl')
  const code = codeCall(call, clubUrl())
  const text = LANGUAGES.find(({ value }) => value === language)?.write(code) ?? ''
  const mask = code.images.by === 'file' ? maskOf(call) : undefined
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title="Code for this call"
      description={
        <>
          It needs an API key in the variable <code className="font-mono">INFERENCE_CLUB_API_KEY</code>
          {language === 'curl' ? '.' : ', and the official OpenAI library.'}{' '}
          <GuideLink name="clients">Other programs</GuideLink>
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
              <code>{write(code)}</code>
            </pre>
          )
        }))}
      />
      {mask && (
        <p className="text-[13px] text-muted">
          The painted mask is a file, too:{' '}
          <a href={mask.url} download="mask.png" className="text-accent underline underline-offset-2">
            download mask.png
          </a>
        </p>
      )}
    </Dialog>
  )
}
