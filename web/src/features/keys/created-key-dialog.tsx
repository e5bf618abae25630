import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { CreatedKey } from '../../../../src/http/dashboard/contract/keys.ts'
import { Button } from '../../components/ui/button.tsx'
import { ConfirmDialog } from '../../components/ui/confirm-dialog.tsx'
import { CopyButton } from '../../components/ui/copy-button.tsx'
import { CopyLine } from '../../components/ui/copy-line.tsx'
import { Dialog } from '../../components/ui/dialog.tsx'
import { Segmented } from '../../components/ui/segmented.tsx'
import { keySnippets, modelToTry, type Snippet } from './key-snippets.ts'
import { clubUrl } from '../../lib/base-path.ts'
import { modelsQuery } from '../../lib/models.ts'
import { useRepository } from '../../lib/session.ts'

/** The only time a key's secrets are shown. Closing asks once more when the key was not copied. */
export function CreatedKeyDialog({ created, onClose }: { created: CreatedKey; onClose: () => void }) {
  const [copied, setCopied] = useState(false)
  const [asking, setAsking] = useState(false)
  const close = () => (copied ? onClose() : setAsking(true))
  const { key, secret, webhookSecret } = created
  const repository = useRepository()
  const { data: online } = useQuery(modelsQuery)
  const model = modelToTry(online ?? [], key.limits.models)
  return (
    <Dialog
      open
      wide
      onClose={close}
      title={`“${key.name}” is ready`}
      description="Copy the key now: only a fingerprint of it is stored, so nobody can show it again."
      actions={
        <Button look="primary" onClick={close}>
          Done
        </Button>
      }
    >
      <CopyLine label="API key" text={secret} prominent onCopied={() => setCopied(true)} />
      <Snippets
        snippets={keySnippets({
          scopes: key.scopes,
          baseUrl: clubUrl(),
          repository,
          ...(model !== undefined && { model })
        })}
      />
      {key.scopes.includes('generate') && (
        <CopyLine
          label="Webhook secret"
          text={webhookSecret}
          hint="Proves to your server that a webhook of a request made with this key comes from here. Also shown only now."
        />
      )}
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        onConfirm={onClose}
        title="Close without copying the key?"
        description="It cannot be shown again. You would have to revoke it and make a new one."
        keep="Back to the key"
        confirm="Close"
      />
    </Dialog>
  )
}

function Snippets({ snippets }: { snippets: Snippet[] }) {
  const [id, setId] = useState(snippets[0]?.id)
  const shown = snippets.find((one) => one.id === id)
  if (!shown) return null
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center justify-between gap-2">
        {snippets.length > 1 ? (
          <Segmented
            label="How to use it"
            value={shown.id}
            options={snippets.map((one) => ({ value: one.id, label: one.label }))}
            onChange={setId}
          />
        ) : (
          <span className="text-[13px] font-medium text-muted">How to use it</span>
        )}
        <CopyButton text={shown.code} aria-label="Copy: lines to paste" />
      </div>
      <pre
        tabIndex={0}
        aria-label={`Lines for ${shown.label}`}
        className="min-h-33 overflow-x-auto rounded-lg border border-line bg-sunken p-3 font-mono text-[13px] leading-relaxed"
      >
        {shown.code}
      </pre>
      <span className="text-xs text-faint">
        Paste these lines into a shell; they ask for the key, which is thus kept out of the shell’s history. Bash and
        zsh do not show it when it is pasted.
      </span>
    </div>
  )
}
