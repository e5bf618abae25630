import { useQuery } from '@tanstack/react-query'
import { Info } from 'lucide-react'
import type { RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import { Button } from '../../../components/ui/button.tsx'
import { CopyButton } from '../../../components/ui/copy-button.tsx'
import { Popover } from '../../../components/ui/popover.tsx'
import { isUnfinished, requestDetail } from '../../../lib/one-request.ts'
import { submissions } from '../submit/submissions.ts'
import type { StageActions } from './stage-actions.ts'

export interface RequestNotesProps {
  request: RequestSummary
  actions: Pick<StageActions, 'usePrompt'>
  /** A symbol alone. */
  isShort: boolean
  /** Asked for whoever made it; else for what was made in this tab alone. */
  isWanted: boolean
}

/**
 * What was done otherwise than asked: options without an effect, a prompt that the image server rewrote. Behind a button,
 * for it is known after the image only, and may be long.
 */
export function RequestNotes({ request, actions, isShort, isWanted }: RequestNotesProps) {
  const enabled = !isUnfinished(request.status) && (isWanted || submissions.isMadeHere(request.id))
  const { data } = useQuery({ ...requestDetail(request.id), enabled })
  if (!enabled || !data) return null
  const revised = [...new Set(data.revisedPrompts.map(({ prompt }) => prompt))].filter((one) => one !== request.prompt)
  const count = data.warnings.length + revised.length
  if (count === 0) return null
  const title = revised.length > 0 ? 'Prompt rewritten' : count === 1 ? '1 note' : `${count} notes`
  return (
    <Popover
      title={title}
      trigger={
        <Button
          size="small"
          look="ghost"
          icon={Info}
          aria-label={title}
          className="h-6! px-1.5! pointer-coarse:min-h-6!"
        >
          {!isShort && title}
        </Button>
      }
    >
      <div className="flex max-h-[50dvh] flex-col gap-4 overflow-y-auto text-[13px]">
        {revised.map((prompt) => (
          <section key={prompt} className="flex flex-col gap-2">
            <h4 className="font-medium">The image server rewrote the prompt</h4>
            <p className="[overflow-wrap:anywhere] whitespace-pre-wrap text-muted">{prompt}</p>
            <div className="flex flex-wrap gap-2">
              <Button size="small" onClick={() => actions.usePrompt(prompt)}>
                Use this prompt
              </Button>
              <CopyButton text={prompt} look="ghost" />
            </div>
          </section>
        ))}
        {data.warnings.length > 0 && (
          <ul className="flex flex-col gap-2 text-muted">
            {data.warnings.map((warning) => (
              <li key={warning} className="flex items-start gap-2">
                <Info className="mt-0.5 size-4 shrink-0 text-faint" aria-hidden />
                <span className="min-w-0 [overflow-wrap:anywhere]">{warning}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
    </Popover>
  )
}
