import { TASK_CLASS, type TaskClass } from '../requests/request-states.ts'

/**
 * Which class a dispatch round looks at first. Interactive work nearly always; every eighth round async and every
 * thirty-second batch, so that neither stands still while the more urgent one keeps coming.
 */
export function classOfTurn(turn: number): TaskClass {
  if (turn % 32 === 31) return TASK_CLASS.batch
  return turn % 8 === 7 ? TASK_CLASS.async : TASK_CLASS.interactive
}
