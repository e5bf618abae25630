import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { copyText } from '../../lib/copy-text.ts'
import { Button, type ButtonProps } from './button.tsx'

export interface CopyButtonProps extends ButtonProps {
  text: string
  label?: string
  onCopied?: () => void
}

/** Copies a text, and says so for a moment. */
export function CopyButton({ text, label = 'Copy', onCopied, ...rest }: CopyButtonProps) {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 2000)
    return () => clearTimeout(timer)
  }, [copied])
  return (
    <Button
      size="small"
      icon={copied ? Check : Copy}
      {...rest}
      onClick={() =>
        void copyText(text).then(() => {
          setCopied(true)
          onCopied?.()
        })
      }
    >
      <span aria-live="polite">{copied ? 'Copied' : label}</span>
    </Button>
  )
}
