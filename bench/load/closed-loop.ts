import type { Answer } from './image-caller.ts'

export interface LoadResult {
  answers: readonly Answer[]
  seconds: number
}

/** So many callers who come back for another image whenever they have theirs, for so long; each is answered in the end. */
export async function closedLoop(
  call: () => Promise<Answer>,
  { callers, seconds }: { callers: number; seconds: number }
): Promise<LoadResult> {
  const began = performance.now()
  const until = began + seconds * 1000
  const answers: Answer[] = []
  const comeBack = async () => {
    do answers.push(await call())
    while (performance.now() < until)
  }
  await Promise.all(Array.from({ length: callers }, comeBack))
  return { answers, seconds: (performance.now() - began) / 1000 }
}
