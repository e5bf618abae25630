/** As large as it is, the column and the window allow; known before its bytes are here. Pixels. */
export const fitting = ({ width, height }: { width: number; height: number }) => ({
  aspectRatio: `${width} / ${height}`,
  width: `min(100%, ${width}px, calc((100dvh - 13rem) * ${width / height}))`
})
