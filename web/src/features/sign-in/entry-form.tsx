import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { Button } from '../../components/ui/button.tsx'
import { Notice } from '../../components/ui/notice.tsx'
import { ApiError } from '../../lib/fetch-json.ts'
import { refreshSession } from './api.ts'
import type { Entry, EntryErrors } from './check-credentials.ts'
import { explainError } from './explain-error.ts'

export interface EntryFormProps {
  /** What is wrong with what was typed, before it is sent. */
  check: (entry: Entry) => EntryErrors
  /** Sends it; whoever it was is signed in afterwards. */
  send: (entry: Entry) => Promise<unknown>
  onDone?: () => void
  /** Of what its server refused, which the form tells by itself. */
  onRefused?: (error: Error) => void
  submit: string
  /** The fields, each with what is wrong with it. */
  children: (errors: EntryErrors) => ReactNode
}

const FIELDS = ['name', 'email', 'password'] as const

/** A form that ends in being signed in. The browser keeps what is typed, so that password managers find their way. */
export function EntryForm({ check, send, onDone, onRefused, submit, children }: EntryFormProps) {
  const client = useQueryClient()
  const [errors, setErrors] = useState<EntryErrors>({})
  const sending = useMutation({
    mutationFn: async (entry: Entry) => {
      await send(entry)
      await refreshSession(client)
    },
    onSuccess: () => onDone?.(),
    onError: (error) => {
      setErrors(fieldErrors(error))
      onRefused?.(error)
    }
  })
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const data = new FormData(event.currentTarget)
    const [name, email, password] = FIELDS.map((field) => String(data.get(field) ?? ''))
    const entry = { name: name ?? '', email: (email ?? '').trim(), password: password ?? '' }
    const found = check(entry)
    setErrors(found)
    sending.reset()
    const wrong = FIELDS.find((field) => found[field] !== undefined)
    if (wrong === undefined) sending.mutate(entry)
    else event.currentTarget.querySelector<HTMLInputElement>(`[name=${wrong}]`)?.focus()
  }
  const elsewhere = sending.isError && Object.keys(errors).length === 0
  return (
    <form noValidate onSubmit={onSubmit} className="flex flex-col gap-4">
      {elsewhere && <Notice look="bad">{explainError(sending.error)}</Notice>}
      {children(errors)}
      <Button type="submit" look="primary" size="large" busy={sending.isPending} className="mt-2 w-full">
        {submit}
      </Button>
    </form>
  )
}

/** Errors of the server about one field are told there. */
function fieldErrors(error: unknown): EntryErrors {
  const field = error instanceof ApiError && FIELDS.find((one) => one === error.param)
  return field ? { [field]: explainError(error) } : {}
}
