import { EngineError } from '../engine.ts'
import { members, sanitiseUpstreamText } from '../upstream-text.ts'
import type { ComfyAnswer } from './comfyui-http.ts'
import { baseName } from './families.ts'

const OUT_OF_MEMORY = /out of memory|\boom\b|outofmemory|out_of_memory|failed to allocate|not enough memory/i
/** Inputs whose choices are files that somebody has to put there. */
const FILE_INPUT = /(?:ckpt|unet|clip|vae|lora|model|control_net|style|upscale|gguf)\w*_name\d*$|^model$/i
const OUT_OF_RANGE = ['value_smaller_than_min', 'value_bigger_than_max', 'value_not_in_list', 'invalid_input_type']

export interface FaultContext {
  /** Which field of a call decides an input, by `<node>.<input>`. */
  params: Readonly<Record<string, string>>
  secrets: readonly string[]
}

/** Why a job was not taken, by the answer to `/prompt`: what it says of nodes is looked for the cause that says most. */
export function faultOfRefusal({ status, json, text }: ComfyAnswer, context: FaultContext): EngineError {
  const body = members(json)
  const { type, message, details, extra_info: info } = members(body.error)
  const say = (words: unknown) => sanitiseUpstreamText(typeof words === 'string' ? words : '', context.secrets)
  if (type === 'missing_node_type' || type === 'invalid_prompt') {
    const { class_type: missing } = members(info)
    const named = typeof missing === 'string' ? missing : /Node '([^']{1,100})' not found/.exec(String(message))?.[1]
    const node = named === undefined ? '' : ` ${say(named)}`
    return new EngineError('model_missing', `The image server lacks the custom node${node} that this model needs.`)
  }
  const found = nodeErrors(body.node_errors).map((error) => faultOfNode(error, context))
  const worst = found.find(({ fault }) => fault === 'model_missing') ?? found[0]
  if (worst) return worst
  if (status === 429 || status === 503) return new EngineError('busy', 'The image server is busy.')
  const words = say(message) || say(details) || (typeof body.error === 'string' ? say(body.error) : '') || say(text)
  const fault = status >= 200 && status < 300 ? 'bad_output' : 'crashed'
  return new EngineError(fault, `The image server refused the workflow: ${words || `HTTP ${status}`}`)
}

interface NodeError {
  node: string
  classType: string
  type: string
  message: string
  input: string
  received: unknown
}

/** `{<node>: {class_type, errors: [{type, message, details, extra_info}]}}`; sometimes an empty list. */
export function nodeErrors(value: unknown): NodeError[] {
  return Object.entries(members(value)).flatMap(([node, told]) => {
    const { errors, class_type: classType } = members(told)
    return ((Array.isArray(errors) ? errors : []) as unknown[]).map((error) => {
      const { type, message, extra_info: info } = members(error)
      const { input_name: input, received_value: received } = members(info)
      const text = (one: unknown) => (typeof one === 'string' ? one : '')
      return {
        ...{ node, classType: text(classType), type: text(type), message: text(message), input: text(input) },
        received
      }
    })
  })
}

function faultOfNode(
  { node, classType, type, message, input, received }: NodeError,
  context: FaultContext
): EngineError {
  const say = (words: string) => sanitiseUpstreamText(words, context.secrets)
  if (type === 'value_not_in_list' && FILE_INPUT.test(input)) {
    const file = typeof received === 'string' ? baseName(received) : ''
    return new EngineError('model_missing', `The image server lacks the file ${say(file)}.`)
  }
  const param = context.params[`${node}.${input}`]
  if (param !== undefined && OUT_OF_RANGE.includes(type)) {
    const value = typeof received === 'string' || typeof received === 'number' ? ` (${say(String(received))})` : ''
    return new EngineError('bad_request', `This model does not take that ${param}${value}: ${say(message)}`, { param })
  }
  const where = [classType, input].filter((part) => part !== '').join(', ')
  return new EngineError('crashed', `The image server refused the workflow: ${say(message)} (${say(where)})`)
}

/** Why a job failed, by what `execution_error` told. Its traceback and its inputs hold paths and prompts: they stay there. */
export function faultOfExecution(told: unknown, { secrets }: Pick<FaultContext, 'secrets'>): EngineError {
  const { exception_type: type, exception_message: message, node_type: node } = members(told)
  const text = (one: unknown) => (typeof one === 'string' ? one.slice(0, 4000) : '')
  if (OUT_OF_MEMORY.test(`${text(type)} ${text(message)}`)) {
    return new EngineError('out_of_memory', 'The image server ran out of memory.')
  }
  const words = sanitiseUpstreamText(text(message), secrets)
  const where = text(node) === '' ? '' : ` in ${sanitiseUpstreamText(text(node), secrets)}`
  return new EngineError('crashed', `The image server failed${where}${words === '' ? '.' : `: ${words}`}`)
}
