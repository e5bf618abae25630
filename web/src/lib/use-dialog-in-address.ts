import { useNavigate, useSearch } from '@tanstack/react-router'

/** A dialog of a page that the address opens, as `?dialog=new`: other pages lead to it, and going back closes it. */
export function useDialogInAddress(name: string) {
  const isOpen = useSearch({ strict: false, select: ({ dialog }) => dialog === name })
  const navigate = useNavigate()
  const show = (dialog: string | undefined, replace: boolean) =>
    void navigate({ to: '.', search: (before: object) => ({ ...before, dialog }), replace } as never)
  return {
    isOpen,
    open: () => show(name, false),
    close: () => show(undefined, true)
  }
}
