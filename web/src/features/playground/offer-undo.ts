import { tellUndo } from '../../components/ui/toaster.tsx'
import { type FormUse, lostWords } from './lost-words.ts'
import type { ChangeForm, PlaygroundForm } from './playground-form.ts'
import type { SourceImage } from './sources/source-image.ts'
import { putAside } from './sources/source-store.ts'

const TOLD: Record<FormUse, string> = {
  edit: 'The form edits this image now',
  take: 'The form has the settings of that request',
  empty: 'The form is empty'
}

/** Offers to bring back what was in the form, where something is missed, and knows nothing of what comes into it. */
export function offerUndo(
  what: FormUse,
  { form, sources, change }: { form: PlaygroundForm; sources: readonly SourceImage[]; change: ChangeForm }
): void {
  const lost = lostWords(what, { prompt: form.prompt, sources })
  if (lost === undefined) return
  const bringBack = putAside()
  tellUndo(TOLD[what], lost, () => {
    change(form)
    bringBack()
  })
}
