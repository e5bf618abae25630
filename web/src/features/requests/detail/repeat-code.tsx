import type { RequestDetail } from '../../../../../src/http/dashboard/contract/requests.ts'
import { CopyButton } from '../../../components/ui/copy-button.tsx'
import { KeyVariable } from '../../../components/key-variable.tsx'
import { OwnKeyLink } from '../../../components/own-key-link.tsx'
import { Panel } from '../../../components/ui/panel.tsx'
import { clubUrl } from '../../../lib/base-path.ts'
import { curlCommand, jsonArguments } from '../../../lib/curl-command.ts'
import { useTakesSeed } from '../../../lib/features-of.ts'
import { repeatCall } from './repeat-call.ts'

/** How to make it again from anywhere. */
export function RepeatCode({ request }: { request: RequestDetail }) {
  const { path, body } = repeatCall(request, { takesSeed: useTakesSeed(request.model) })
  const command = curlCommand(clubUrl() + path, jsonArguments(body))
  return (
    <Panel
      title="Repeat it with the API"
      actions={<CopyButton text={command} look="ghost" aria-label="Copy the command" />}
    >
      <pre
        tabIndex={0}
        aria-label="A command for the shell"
        className="max-h-80 overflow-auto rounded-lg bg-sunken p-3 font-mono text-[13px] leading-relaxed [overflow-wrap:anywhere] whitespace-pre-wrap"
      >
        {command}
      </pre>
      <p className="mt-2 mb-3 text-xs text-faint">
        It needs an API key of yours in the variable INFERENCE_CLUB_API_KEY. <OwnKeyLink />
      </p>
      <KeyVariable />
    </Panel>
  )
}
