import type { Overview } from '../../../../src/http/dashboard/contract/account.ts'

type Todo = Overview['todo']

export interface NextStep {
  to: '/playground' | '/keys' | '/network' | '/admin/people'
  /** Of that page, which it opens with. */
  dialog?: 'new' | 'connect' | 'invite'
  title: string
  detail: string
  isDone: boolean
}

const STEPS: readonly (Omit<NextStep, 'isDone'> & { done: keyof Todo })[] = [
  {
    done: 'hasImage',
    to: '/playground',
    title: 'Make an image',
    detail: 'Describe it in the playground, and a GPU of the club paints it.'
  },
  {
    done: 'hasFriend',
    to: '/admin/people',
    dialog: 'invite',
    title: 'Invite a friend',
    detail: 'A link that works once. They make images here, and may bring a GPU.'
  },
  {
    done: 'hasProvider',
    to: '/network',
    dialog: 'connect',
    title: 'Connect your GPU',
    detail: 'An agent beside your image server lets it work for the others here.'
  },
  {
    done: 'hasKey',
    to: '/keys',
    dialog: 'new',
    title: 'Create an API key',
    detail: 'Your own programs make images with it, with any OpenAI SDK.'
  }
]

/** What there is to do for this reader, done or not; what they may not do is none of it. Without a machine no image can be made before one is connected. */
export const stepsOf = (todo: Todo, { hasMachines }: { hasMachines: boolean }): NextStep[] =>
  (hasMachines ? STEPS : STEPS.toSorted((a, b) => rankOf(a) - rankOf(b))).flatMap(({ done, ...step }) => {
    const isDone = todo[done]
    return isDone === null ? [] : [{ ...step, isDone }]
  })

const rankOf = ({ done }: (typeof STEPS)[number]): number => (done === 'hasProvider' ? 0 : 1)
