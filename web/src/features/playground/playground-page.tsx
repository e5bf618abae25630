import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useEffect, useEffectEvent, useRef, useState } from 'react'
import { tellError } from '../../components/ui/toaster.tsx'
import { accountQuery } from '../../lib/account.ts'
import { ApiError, messageOf } from '../../lib/fetch-json.ts'
import { usePerson } from '../../lib/session.ts'
import { useCountedAgain } from '../../lib/use-quota-note.ts'
import { useTitle } from '../../lib/use-title.ts'
import { useFeatures } from '../../lib/features-of.ts'
import { modelsQuery } from '../../lib/models.ts'
import { requestDetail } from '../../lib/one-request.ts'
import { buildCall, type Entries, type PlaygroundCall, sourcesOf } from './build-call.ts'
import { checkEntries, checkSources, FIELD_NAMES, type FieldErrors, fieldOf } from './check-entries.ts'
import { CodeDialog } from './code/code-dialog.tsx'
import { MaskEditor } from './mask/mask-editor.tsx'
import { ControlPanel } from './panel/control-panel.tsx'
import { formOf, type PlaygroundForm } from './playground-form.ts'
import { DropAnywhere } from './sources/drop-anywhere.tsx'
import { addAsset, addFiles, currentSources, restoreSources, setSources, useSources } from './sources/source-store.ts'
import { ResultsStage } from './stage/results-stage.tsx'
import { submissions, useSubmissions } from './submit/submissions.ts'
import type { FormUse } from './lost-words.ts'
import { offerUndo } from './offer-undo.ts'
import { usePlaygroundForm } from './use-playground-form.ts'
import { useStageActions } from './use-stage-actions.ts'
import { beginEdit, usualModel } from './usual-model.ts'

/** What is missing for code is no mistake yet. */
const MAY_BE_OPEN: readonly string[] = ['prompt', 'model']

/** A prompt on the left, pictures on the right. */
export function PlaygroundPage() {
  useTitle('Playground')
  const person = usePerson()
  const client = useQueryClient()
  const { form, errors, setErrors, change, reset } = usePlaygroundForm(person.id)
  const sources = useSources()
  const { data: models } = useQuery(modelsQuery)
  const sending = useSubmissions()
  const [message, setMessage] = useState<string>()
  const [code, setCode] = useState<PlaygroundCall>()
  const [paintedKey, setPaintedKey] = useState<string>()
  const formRef = useRef<HTMLFormElement>(null)
  const resultsRef = useRef<HTMLElement>(null)

  const model = form.model || usualModel(models)
  const features = useFeatures(model)
  useCountedAgain()
  const entries: Entries = { form: { ...form, model }, sources, features }
  // Told as soon as it is so: a source may come from anywhere, and any model be chosen beside it.
  const sourceProblem = errors.images ?? checkSources(entries)
  const painted = sources.find(({ key }) => key === paintedKey)

  const tellProblems = (problems: readonly string[]) =>
    setErrors(({ images: _, ...others }) => (problems.length > 0 ? { ...others, images: problems.join('\n') } : others))
  const focusField = (name: string) =>
    // After the disclosures around it have opened.
    requestAnimationFrame(() => formRef.current?.querySelector<HTMLElement>(`[name="${name}"]`)?.focus())
  const selectPrompt = () => {
    focusField('prompt')
    requestAnimationFrame(() => formRef.current?.querySelector<HTMLTextAreaElement>('[name="prompt"]')?.select())
  }
  const showErrors = (found: FieldErrors) => {
    setErrors(found)
    const first = FIELD_NAMES.find((name) => found[name] !== undefined)
    if (first) focusField(first === 'size' ? 'width' : first)
  }
  const showRefusal = (error: unknown) => {
    const field = error instanceof ApiError ? fieldOf(error.param, form.extra) : undefined
    if (field) showErrors({ [field]: messageOf(error) })
    else setMessage(messageOf(error))
  }
  const send = (call: PlaygroundCall, onRefusal: (error: unknown) => void) => {
    setMessage(undefined)
    submissions
      .submit(client, call, person)
      .catch(onRefusal)
      // What is left of a quota is another number now.
      .finally(() => client.invalidateQueries({ queryKey: accountQuery.queryKey }))
    // When the places of the images are there to scroll to.
    requestAnimationFrame(() => resultsRef.current?.scrollIntoView({ behavior: 'smooth', block: 'start' }))
  }
  const generate = () => {
    const found = checkEntries(entries)
    showErrors(found)
    if (Object.keys(found).length === 0) send(buildCall(entries), showRefusal)
  }
  const showCode = () => {
    const found = Object.entries(checkEntries(entries)).filter(([name]) => !MAY_BE_OPEN.includes(name))
    if (found.length > 0) showErrors(Object.fromEntries(found))
    else setCode(buildCall(entries))
  }
  const offer = (what: FormUse) => offerUndo(what, { form, sources, change })
  const addImages = (files: File[]) => void addFiles(files).then(tellProblems)
  const actions = useStageActions({
    change,
    offerUndo: offer,
    beginEdit: () => change(beginEdit(model, models)),
    // The form may say something else by now: what is refused is not about its fields.
    send: (call) => send(call, (error) => tellError('It was not made', messageOf(error))),
    showCode: setCode,
    focusPrompt: () => focusField('prompt'),
    selectPrompt,
    onNewTry: () => setMessage(undefined),
    onProblems: tellProblems
  })
  useBeginning({ personId: person.id, form, change, tellProblems, selectPrompt })

  return (
    <div className="lg:grid lg:grid-cols-[25rem_minmax(0,1fr)] xl:grid-cols-[400px_minmax(0,1fr)]">
      <div className="lg:sticky lg:top-0 lg:self-start">
        <ControlPanel
          entries={entries}
          errors={sourceProblem === undefined ? errors : { ...errors, images: sourceProblem }}
          message={message}
          busy={sending.some(({ unanswered }) => unanswered === null)}
          formRef={formRef}
          onChange={change}
          onReset={() => {
            offer('empty')
            reset()
            setSources([])
            setMessage(undefined)
          }}
          onGenerate={generate}
          onFiles={addImages}
          onPaint={({ key }) => setPaintedKey(key)}
          onShowCode={showCode}
        />
      </div>
      <section
        ref={resultsRef}
        aria-labelledby="results"
        className="min-w-0 scroll-mt-16 px-4 pt-4 pb-10 sm:px-8 md:scroll-mt-0 lg:pt-6"
      >
        <h2 id="results" className="sr-only">
          Results
        </h2>
        <ResultsStage actions={actions} />
      </section>
      <DropAnywhere onFiles={addImages} onAsset={(assetId) => void addAsset(assetId, 'last').then(tellProblems)} />
      {painted && <MaskEditor source={painted} onClose={() => setPaintedKey(undefined)} />}
      {code && <CodeDialog call={code} onClose={() => setCode(undefined)} />}
    </div>
  )
}

const route = getRouteApi('/members/playground')

interface Beginning {
  personId: string
  form: PlaygroundForm
  change: ReturnType<typeof usePlaygroundForm>['change']
  tellProblems: (problems: readonly string[]) => void
  selectPrompt: () => void
}

/** Takes up what was there before, or what the address says: a request to begin with, an image to edit. */
function useBeginning({ personId, form, change, tellProblems, selectPrompt }: Beginning): void {
  const { from, source } = route.useSearch()
  const navigate = route.useNavigate()
  const client = useQueryClient()
  const begin = useEffectEvent(async () => {
    const lost = restoreSources(personId)
    if (lost.length > 0) {
      tellProblems([`Images of this computer are not kept when the page is loaded anew. Add again: ${lost.join(', ')}`])
    }
    if (from === undefined && source === undefined) return
    // Once is enough: loading the page anew must not undo what was changed since.
    await navigate({ search: {}, replace: true })
    try {
      const detail = from === undefined ? undefined : await client.fetchQuery(requestDetail(from))
      // As it is by now: what was there before the page was loaded anew has come back.
      offerUndo(source === undefined ? 'take' : 'edit', { form, sources: currentSources(), change })
      if (detail) {
        change(formOf(detail))
        setSources(sourcesOf(detail))
      }
      if (source === undefined) return
      // Without the list the edit begins with the model that is chosen.
      const models = await client.ensureQueryData(modelsQuery).catch(() => [])
      change(beginEdit(detail?.model ?? form.model, models))
      tellProblems(await addAsset(source, 'alone'))
      selectPrompt()
    } catch (error) {
      tellProblems([messageOf(error)])
    }
  })
  useEffect(() => void begin(), [from, source])
}
