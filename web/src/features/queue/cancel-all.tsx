import { CircleX } from 'lucide-react'
import { useState } from 'react'
import { Button } from '../../components/ui/button.tsx'
import { ConfirmDialog } from '../../components/ui/confirm-dialog.tsx'
import { useCancelAllMine } from './api.ts'

export function CancelAll() {
  const [asking, setAsking] = useState(false)
  const cancelAll = useCancelAllMine()
  const confirm = () => cancelAll.mutate(undefined, { onSettled: () => setAsking(false) })
  return (
    <>
      <Button look="danger" icon={CircleX} onClick={() => setAsking(true)}>
        Cancel all mine
      </Button>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        onConfirm={confirm}
        busy={cancelAll.isPending}
        title="Cancel all of your requests?"
        description="What is running stops, what waits is not made. Images that are finished stay. Requests of your programs end as well."
        keep="Keep them"
        confirm="Cancel all"
      />
    </>
  )
}
