import { useMutation } from '@tanstack/react-query'
import { fetchJson } from '../../lib/fetch-json.ts'

export interface ProvenanceAnswer {
  made_here: boolean
  by: ('hash' | 'mark')[]
}

export const useCheckPicture = () =>
  useMutation({
    mutationFn: (file: File) => fetchJson<ProvenanceAnswer>('/api/provenance', { method: 'POST', file })
  })
