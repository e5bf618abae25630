import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { RequestDetail, RequestSummary } from '../../../../src/http/dashboard/contract/requests.ts'
import { accountQuery } from '../../lib/account.ts'
import { tellError } from '../../components/ui/toaster.tsx'
import { messageOf } from '../../lib/fetch-json.ts'
import { refreshHead } from '../../lib/request-list.ts'
import { cancelRequest, requestDetail, retryRequest } from '../../lib/one-request.ts'
import { callOf, type PlaygroundCall, randomSeed, seedOf, sourcesOf } from './build-call.ts'
import { type ChangeForm, formOf } from './playground-form.ts'
import { fromAsset } from './sources/source-image.ts'
import { addAsset, setSources } from './sources/source-store.ts'
import type { StageActions } from './stage/stage-actions.ts'
import type { FormUse } from './lost-words.ts'
import { submissions } from './submit/submissions.ts'

export interface StageHands {
  change: ChangeForm
  /** Before the form is taken for something else: offers to bring back what is in it, where that would be missed. */
  offerUndo: (what: FormUse) => void
  /** Makes the form one of an edit. */
  beginEdit: () => void
  send: (call: PlaygroundCall) => void
  showCode: (call: PlaygroundCall) => void
  /** Leads to the prompt. */
  focusPrompt: () => void
  /** The same, with all of it selected: what is typed takes its place. */
  selectPrompt: () => void
  /** What was wrong before is not any more. */
  onNewTry: () => void
  /** Told when source images could not be added. */
  onProblems: (problems: readonly string[]) => void
}

/** The actions of the stage, by means of the form. */
export function useStageActions({
  change,
  offerUndo,
  beginEdit,
  send,
  showCode,
  focusPrompt,
  selectPrompt,
  onNewTry,
  onProblems
}: StageHands): StageActions {
  const client = useQueryClient()
  const navigate = useNavigate()
  /** Lists hold no parameters. */
  const withDetail = (request: RequestSummary, use: (detail: RequestDetail) => void) => {
    client
      .fetchQuery(requestDetail(request.id))
      .then(use, (error: unknown) => tellError('That did not work', messageOf(error)))
  }
  const act = (work: Promise<unknown>, failure: string) => {
    work
      .then(() => refreshHead(client, {}))
      .catch((error: unknown) => tellError(failure, messageOf(error)))
      // What is left of a quota is another number now.
      .finally(() => client.invalidateQueries({ queryKey: accountQuery.queryKey }))
  }
  return {
    edit: (image) => {
      offerUndo('edit')
      beginEdit()
      setSources([fromAsset(image)])
      selectPrompt()
    },
    addSource: (image) => void addAsset(image.id, 'last').then(onProblems),
    useSeed: (seed) => change({ seed: String(seed) }),
    usePrompt: (prompt) => {
      change({ prompt })
      focusPrompt()
    },
    open: ({ id }) => void navigate({ to: '/requests/$id', params: { id } }),
    again: (request) => withDetail(request, (detail) => send(callOf(detail, seedOf(detail)))),
    vary: (request) => withDetail(request, (detail) => send(callOf(detail, randomSeed()))),
    take: (request) =>
      withDetail(request, (detail) => {
        offerUndo('take')
        change(formOf(detail))
        setSources(sourcesOf(detail))
        focusPrompt()
      }),
    showCode: (request) => withDetail(request, (detail) => showCode(callOf(detail))),
    cancel: ({ id }) => act(cancelRequest(id), 'It could not be canceled'),
    retry: ({ id }) => act(retryRequest(id), 'It could not be tried again'),
    resend: (submission) => {
      onNewTry()
      submissions.resend(client, submission).catch(() => undefined)
    },
    discard: ({ key }) => {
      onNewTry()
      submissions.discard(key)
    }
  }
}
