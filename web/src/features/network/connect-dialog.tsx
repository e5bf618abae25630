import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Button } from '../../components/ui/button.tsx'
import { Dialog } from '../../components/ui/dialog.tsx'
import { messageOf } from '../../lib/fetch-json.ts'
import { keysQuery, useCreateKey } from '../../lib/keys.ts'
import { networkQuery } from '../../lib/network-query.ts'
import { EMPTY_MACHINE, type MachineForm } from './connect-command.ts'
import { type Connecting, ConnectSteps } from './connect-steps.tsx'
import { MachineFields } from './machine-fields.tsx'

const FORM_ID = 'connect-machine'
const NO_LIMITS = { imagesPerDay: null, imagesPerMonth: null, maxActive: null, maxPixels: null, models: null }

/** Asks what is to be connected, then shows what to run there, and waits until it is there. */
export function ConnectDialog({ onClose }: { onClose: () => void }) {
  const [machine, setMachine] = useState<MachineForm>(EMPTY_MACHINE)
  const prepare = usePrepare()
  if (prepare.data) return <ConnectSteps connecting={prepare.data} onClose={onClose} />
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title="Connect a machine"
      description="A small agent runs beside the image server and dials out to this gateway. It needs no open port."
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" form={FORM_ID} busy={prepare.isPending}>
            Show the command
          </Button>
        </>
      }
    >
      <MachineFields
        formId={FORM_ID}
        machine={machine}
        onChange={(part) => setMachine((before) => ({ ...before, ...part }))}
        onSubmit={() => prepare.mutate(machine)}
      />
      {prepare.isError && (
        <p role="alert" className="rounded-lg bg-bad-soft px-3 py-2 text-bad">
          {messageOf(prepare.error)}
        </p>
      )}
    </Dialog>
  )
}

/** Makes the machine's key, and remembers who was there before, so that its coming is noticed. */
function usePrepare() {
  const client = useQueryClient()
  const createKey = useCreateKey()
  return useMutation({
    mutationFn: async (machine: MachineForm): Promise<Connecting> => {
      const { providers } = await client.fetchQuery({ ...networkQuery, staleTime: 0 })
      const keys = await client.fetchQuery({ ...keysQuery, staleTime: 0 })
      const isUnused = ({ name, scopes, lastUsedAt, revokedAt }: (typeof keys)[number]) =>
        name === machine.name.trim() && scopes.includes('agent') && lastUsedAt === null && revokedAt === null
      const { key, secret } = await createKey.mutateAsync({
        name: machine.name.trim(),
        scopes: ['agent'],
        expiresAt: null,
        limits: NO_LIMITS,
        rateLimit: null,
        responseFormat: null,
        // The command of a dialog that was closed before it was run cannot be shown again.
        replacesUnused: true
      })
      return {
        machine: { ...machine, name: key.name },
        keyId: key.id,
        secret,
        before: providers,
        replacesKey: keys.some(isUnused)
      }
    }
  })
}
