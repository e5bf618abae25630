import { clsx } from 'clsx'
import { useState } from 'react'
import { Button } from '../../../components/ui/button.tsx'
import { CopyButton } from '../../../components/ui/copy-button.tsx'
import { Panel } from '../../../components/ui/panel.tsx'

/** Characters; a longer one is folded. */
const LONG = 420

export function PromptCard({ title = 'Prompt', prompt }: { title?: string; prompt: string }) {
  const [isOpen, setIsOpen] = useState(false)
  const isLong = prompt.length > LONG || prompt.split('\n').length > 8
  if (prompt === '') {
    return (
      <Panel title={title}>
        <p className="text-muted">None.</p>
      </Panel>
    )
  }
  return (
    <Panel
      title={title}
      actions={<CopyButton text={prompt} look="ghost" aria-label={`Copy the ${title.toLowerCase()}`} />}
    >
      <p
        className={clsx(
          'leading-relaxed [overflow-wrap:anywhere] whitespace-pre-wrap',
          isLong && !isOpen && 'line-clamp-8'
        )}
      >
        {prompt}
      </p>
      {isLong && (
        <Button
          look="ghost"
          size="small"
          aria-expanded={isOpen}
          onClick={() => setIsOpen((now) => !now)}
          className="mt-1 -ml-2.5"
        >
          {isOpen ? 'Show less' : 'Show all'}
        </Button>
      )}
    </Panel>
  )
}
