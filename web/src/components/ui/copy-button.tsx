import { Check, Copy } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { Button, type ButtonProps } from './button.tsx'
import { useCopy } from './use-copy.tsx'

export interface CopyButtonProps extends ButtonProps {
  text: string
  label?: string
  onCopied?: () => void
}

/** Copies a text, and says so for a moment; where the browser refuses, it says that beside it. */
export function CopyButton({ text, label = 'Copy', onCopied, ...rest }: CopyButtonProps) {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 2000)
    return () => clearTimeout(timer)
  }, [copied])
  const button = useRef<HTMLButtonElement>(null)
  const { copy, byHand } = useCopy({
    text,
    anchor: button,
    onCopied: () => {
      setCopied(true)
      onCopied?.()
    }
  })
  return (
    <>
      <Button size="small" icon={copied ? Check : Copy} {...rest} ref={button} onClick={copy}>
        <span aria-live="polite">{copied ? 'Copied' : label}</span>
      </Button>
      {byHand}
    </>
  )
}
