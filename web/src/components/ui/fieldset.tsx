import { type ReactNode, useId } from 'react'

export interface FieldsetProps {
  legend: string
  /** Beside the legend. */
  hint?: string
  error?: string | undefined
  children: ReactNode
}

/** Several controls that answer one question. */
export function Fieldset({ legend, hint, error, children }: FieldsetProps) {
  const id = useId()
  return (
    <fieldset className="flex min-w-0 flex-col" aria-describedby={error === undefined ? undefined : id}>
      <legend className="mb-3 w-full border-b border-line pb-1.5 font-medium">
        {legend}
        {hint !== undefined && <span className="ml-2 text-xs font-normal text-faint">{hint}</span>}
      </legend>
      {children}
      {error !== undefined && (
        <p id={id} role="alert" className="mt-2 text-xs text-bad">
          {error}
        </p>
      )}
    </fieldset>
  )
}
