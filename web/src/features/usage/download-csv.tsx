import { useMutation } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { Button } from '../../components/ui/button.tsx'
import { tellError } from '../../components/ui/toaster.tsx'
import { messageOf } from '../../lib/fetch-json.ts'
import { fetchCsv } from './api.ts'
import type { UsageQuery } from './usage-query.ts'
import { daysOf } from './usage-range.ts'

/** Long ranges come in several pages, which one link could not fetch. */
export function DownloadCsv({ query, disabled }: { query: UsageQuery; disabled: boolean }) {
  const download = useMutation({
    mutationFn: fetchCsv,
    onSuccess: (csv, { range, by }) => {
      const { from, to } = daysOf(range)
      saveFile(new Blob([csv], { type: 'text/csv' }), `images-by-${by}-${from}-to-${to}.csv`)
    },
    onError: (error) => tellError('The file could not be made', messageOf(error))
  })
  return (
    <Button icon={Download} busy={download.isPending} disabled={disabled} onClick={() => download.mutate(query)}>
      Download CSV
    </Button>
  )
}

function saveFile(file: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = name
  link.click()
  // The browser has taken it over by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
