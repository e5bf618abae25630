/** Beside a name: the colour of its bars. */
export const Swatch = ({ colour }: { colour: string }) => (
  <span aria-hidden className="size-2.5 shrink-0 rounded-[3px]" style={{ background: colour }} />
)
