import { EngineError } from '../engine.ts'
import { ownCommand } from '../../lib/own-command.ts'

/** There is a server, and not what this engine drives. */
export const notLikeComfy = (how?: string): EngineError =>
  new EngineError(
    'unreachable',
    `The image server does not answer like ComfyUI${how === undefined ? '' : ` (${how})`}.`,
    {
      remedy: `Is the service's url that of ComfyUI itself, without a path? \`${ownCommand} doctor\` finds out what is there.`
    }
  )
