import { useQuery } from '@tanstack/react-query'
import { Code, Eraser } from 'lucide-react'
import { type KeyboardEvent, type Ref, useState } from 'react'
import { FIELDS } from '../../../../../src/images/fields.ts'
import { Button } from '../../../components/ui/button.tsx'
import { Disclosure } from '../../../components/ui/disclosure.tsx'
import { Field } from '../../../components/ui/field.tsx'
import { titleClass } from '../../../components/ui/page.tsx'
import { IconButton } from '../../../components/ui/icon-button.tsx'
import { Stepper } from '../../../components/ui/stepper.tsx'
import { useQuotaNote } from '../../../lib/use-quota-note.ts'
import { warnHourly } from '../../../lib/model-load.ts'
import { modelsQuery } from '../../../lib/models.ts'
import { useMedia } from '../../../lib/use-media.ts'
import { knows } from '../../../lib/features-of.ts'
import { type Entries, kindOf } from '../build-call.ts'
import type { FieldErrors } from '../check-entries.ts'
import type { ChangeForm } from '../playground-form.ts'
import { callLimits } from '../../../lib/call-limits.ts'
import { SourceImages } from '../sources/source-images.tsx'
import type { SourceImage } from '../sources/source-image.ts'
import { GenerateBar } from './generate-bar.tsx'
import { FoldedModelNote, ModelField } from './model-field.tsx'
import { MORE_OPTIONS, MoreOptions, tellOptions } from './more-options.tsx'
import { PromptField } from './prompt-field.tsx'
import { SeedField } from './seed-field.tsx'
import { SizeField } from './size-field.tsx'

export interface ControlPanelProps {
  entries: Entries
  errors: FieldErrors
  /** What is wrong beside the fields. */
  message: string | undefined
  busy: boolean
  formRef: Ref<HTMLFormElement>
  onChange: ChangeForm
  onReset: () => void
  onGenerate: () => void
  onFiles: (files: File[]) => void
  onPaint: (source: SourceImage) => void
  onShowCode: () => void
}

const LABELS = { generation: 'Generate', edit: 'Edit', variation: 'Make variations' }

/** Where a call is put together. On narrow screens what is not needed every time folds away below the button. */
export function ControlPanel(props: ControlPanelProps) {
  const { entries, message, busy, formRef, onGenerate } = props
  const isStacked = useMedia('(width < 64rem)')
  const { data: models } = useQuery(modelsQuery)
  const model = models?.find(({ id }) => id === entries.form.model)
  const { n } = entries.form
  const quota = useQuotaNote(n)
  const hourly = model && warnHourly(model, n)
  const bar = (
    <GenerateBar
      label={LABELS[kindOf(entries)]}
      busy={busy}
      message={message}
      note={quota ?? (hourly === undefined ? undefined : { text: hourly, isRefusal: false })}
    />
  )
  return (
    <form
      ref={formRef}
      noValidate
      onKeyDown={submitOnEnter}
      onSubmit={(event) => {
        event.preventDefault()
        // Also what Ctrl with Enter sends comes here.
        if (!quota?.isRefusal) onGenerate()
      }}
      className="flex flex-col lg:h-dvh lg:overflow-hidden lg:border-r lg:border-line lg:bg-surface"
    >
      <div className="flex flex-col gap-4 px-4 pt-6 pb-4 sm:px-8 lg:min-h-0 lg:flex-1 lg:gap-5 lg:overflow-y-auto">
        <PanelHeader {...props} />
        <Prompts {...props} />
        {isStacked && bar}
        {isStacked ? <FoldedOptions {...props} /> : <Options {...props} />}
      </div>
      {!isStacked && <div className="border-t border-line px-8 py-5">{bar}</div>}
    </form>
  )
}

const PanelHeader = ({ onReset, onShowCode }: ControlPanelProps) => (
  <div className="flex items-center justify-between gap-2">
    <h1 className={titleClass}>Playground</h1>
    <div className="-mr-2 flex items-center">
      <Button size="small" look="ghost" icon={Code} onClick={onShowCode}>
        View code
      </Button>
      <IconButton icon={Eraser} size="small" label="Empty the form" onClick={onReset} />
    </div>
  </div>
)

function Prompts({ entries: { form, sources, features }, errors, onChange, onFiles, onPaint }: ControlPanelProps) {
  const isEdit = sources.length > 0
  return (
    <>
      <PromptField
        name="prompt"
        label={FIELDS.prompt.label}
        rows={3}
        value={form.prompt}
        placeholder={isEdit ? 'What to change. Empty: a variation.' : 'A lighthouse at dusk, oil painting'}
        error={errors.prompt}
        onChange={(prompt) => onChange({ prompt })}
      />
      {knows(features, 'negative_prompt') && (
        <PromptField
          name="negative_prompt"
          label={FIELDS.negative_prompt.label}
          rows={1}
          value={form.negative_prompt}
          placeholder="What to keep out"
          error={errors.negative_prompt}
          onChange={(negative_prompt) => onChange({ negative_prompt })}
        />
      )}
      <SourceImages
        sources={sources}
        error={errors.images}
        canMask={knows(features, 'mask')}
        onFiles={onFiles}
        onPaint={onPaint}
      />
    </>
  )
}

function Options({ entries, errors, onChange }: ControlPanelProps) {
  const { form, sources, features } = entries
  const [open, setOpen] = useState(false)
  const hasError = MORE_OPTIONS.some((name) => errors[name] !== undefined)
  return (
    <>
      <ModelField value={form.model} error={errors.model} onChange={(model) => onChange({ model })} />
      <SizeField form={form} error={errors.size} hasSources={sources.length > 0} onChange={onChange} />
      <div className="grid grid-cols-[9rem_1fr] items-start gap-3">
        <Field label={FIELDS.n.label} error={errors.n}>
          <Stepper
            name="n"
            value={form.n}
            min={1}
            max={callLimits().maxImagesPerRequest}
            onChange={(n) => onChange({ n })}
          />
        </Field>
        {knows(features, 'seed') && (
          <SeedField value={form.seed} error={errors.seed} onChange={(seed) => onChange({ seed })} />
        )}
      </div>
      <Disclosure title="More options" summary={tellOptions(form)} open={open || hasError} onToggle={setOpen}>
        <MoreOptions form={form} errors={errors} hasSources={sources.length > 0} onChange={onChange} />
      </Disclosure>
    </>
  )
}

function FoldedOptions(props: ControlPanelProps) {
  const { form } = props.entries
  const [open, setOpen] = useState(false)
  const hasError = Object.keys(props.errors).some((name) => !['prompt', 'negative_prompt', 'images'].includes(name))
  const size = form.size === 'custom' ? `${form.width}x${form.height}` : form.size
  const summary = [form.model, size.replace('x', '×'), form.n > 1 ? `${form.n} images` : '1 image']
  const isOpen = open || hasError
  return (
    <div className="flex flex-col gap-2">
      <Disclosure
        title="Options"
        summary={summary.filter((part) => part !== '').join(', ')}
        open={isOpen}
        onToggle={setOpen}
      >
        <div className="flex flex-col gap-5">
          <Options {...props} />
        </div>
      </Disclosure>
      {!isOpen && <FoldedModelNote value={form.model} />}
    </div>
  )
}

/** Ctrl or Cmd with Enter generates, wherever in the form the focus is. */
function submitOnEnter(event: KeyboardEvent<HTMLFormElement>): void {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
  event.preventDefault()
  if (!event.repeat) event.currentTarget.requestSubmit()
}
