import { ImageUp } from 'lucide-react'
import { type Ref, useRef } from 'react'
import { Button } from './ui/button.tsx'

interface PictureInputProps {
  /** To open it. */
  ref: Ref<HTMLInputElement>
  label?: string
  multiple?: boolean
  onFiles: (files: File[]) => void
}

/** Chooses pictures of the kinds that are read here; a button in front of it opens it. */
export const PictureInput = ({ ref, label, multiple, onFiles }: PictureInputProps) => (
  <input
    ref={ref}
    type="file"
    hidden
    accept="image/png,image/jpeg,image/webp"
    multiple={multiple}
    aria-label={label}
    onChange={({ target }) => {
      const files = [...(target.files ?? [])]
      if (files.length > 0) onFiles(files)
      // So that the same file can be chosen again.
      target.value = ''
    }}
  />
)

interface ChoosePictureProps {
  /** Of the field. */
  label: string
  busy: boolean
  onFile: (file: File) => void
}

export function ChoosePicture({ label, busy, onFile }: ChoosePictureProps) {
  const input = useRef<HTMLInputElement>(null)
  return (
    <>
      <Button icon={ImageUp} busy={busy} onClick={() => input.current?.click()}>
        Choose a picture
      </Button>
      <PictureInput ref={input} label={label} onFiles={([file]) => file && onFile(file)} />
    </>
  )
}
