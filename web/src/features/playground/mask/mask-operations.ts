/** In pixels of the image, from its top left corner. */
export interface Point {
  x: number
  y: number
}

/** A line drawn with a round brush. */
export interface Stroke {
  type: 'stroke'
  erase: boolean
  /** Pixels of the image. */
  radius: number
  /** At least one. */
  points: readonly Point[]
}

/** What can be done to a mask. `invert` swaps what changes and what stays. */
export type MaskOperation = Stroke | { type: 'invert' } | { type: 'clear' }

/** What was done, in its order, and what was taken back, the latest last. */
export interface MaskHistory {
  done: readonly MaskOperation[]
  undone: readonly MaskOperation[]
}

export const beginHistory = (done: readonly MaskOperation[] = []): MaskHistory => ({ done, undone: [] })

export const perform = ({ done }: MaskHistory, operation: MaskOperation): MaskHistory => ({
  done: [...done, operation],
  undone: []
})

export function undo(history: MaskHistory): MaskHistory {
  const last = history.done.at(-1)
  return last ? { done: history.done.slice(0, -1), undone: [...history.undone, last] } : history
}

export function redo(history: MaskHistory): MaskHistory {
  const last = history.undone.at(-1)
  return last ? { done: [...history.done, last], undone: history.undone.slice(0, -1) } : history
}

/** Those that still show: what was done before everything was cleared does not. */
export function visible(operations: readonly MaskOperation[]): { fromBase: boolean; operations: MaskOperation[] } {
  const cleared = operations.findLastIndex(({ type }) => type === 'clear')
  return { fromBase: cleared === -1, operations: operations.slice(cleared + 1) }
}
