/** Beside a button that asks for images: what to know of it, or why it does nothing. */
export const QuotaLine = ({ id, children }: { id: string; children: string }) => (
  <p id={id} role="status" className="w-full rounded-lg bg-warn-soft px-3 py-2 text-[13px] text-warn">
    {children}
  </p>
)
