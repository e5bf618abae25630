import { describe, expect, it } from 'vitest'
import { readRefusal } from './openai-refusal.ts'

const SENT = ['model', 'prompt', 'n', 'size', 'seed', 'steps', 'response_format']
const read = (body: unknown, status = 400) =>
  readRefusal({ status, body: typeof body === 'string' ? body : JSON.stringify(body) }, SENT)

describe('a refusal', () => {
  it.each<[of: string, body: unknown, names: string[], status?: number]>([
    [
      'OpenAI',
      { error: { message: "Unknown parameter: 'seed'.", param: 'seed', code: 'unknown_parameter' } },
      ['seed']
    ],
    ['OpenAI of old', { error: { message: 'Unrecognized request argument supplied: seed', param: null } }, ['seed']],
    ['OpenAI, several', { error: { message: 'Unrecognized request arguments supplied: n, seed' } }, ['n', 'seed']],
    [
      'OpenAI, by schema',
      { error: { message: "Additional properties are not allowed ('seed' was unexpected) - 'seed'" } },
      ['seed']
    ],
    [
      'Azure',
      { error: { code: 'BadRequest', message: 'The parameter response_format is not supported.' } },
      ['response_format']
    ],
    [
      'LiteLLM',
      {
        error: {
          message: "litellm.UnsupportedParamsError: openai does not support parameters: {'seed': 3}, for model=x."
        }
      },
      ['seed']
    ],
    [
      'LiteLLM, as a fault',
      { error: { message: "UnsupportedParamsError: does not support parameters: ['n']" } },
      ['n'],
      500
    ],
    [
      'pydantic 2',
      { detail: [{ type: 'extra_forbidden', loc: ['body', 'seed'], msg: 'Extra inputs are not permitted' }] },
      ['seed'],
      422
    ],
    [
      'pydantic 1',
      { detail: [{ type: 'value_error.extra', loc: ['body', 'n'], msg: 'extra fields not permitted' }] },
      ['n'],
      422
    ],
    [
      'several of pydantic',
      {
        detail: [
          { loc: ['body', 'n'], msg: 'Extra inputs are not permitted' },
          { loc: ['body', 'seed'], msg: 'x' }
        ]
      },
      ['n', 'seed'],
      422
    ],
    [
      'vLLM',
      {
        object: 'error',
        message:
          "[{'type': 'extra_forbidden', 'loc': ('body', 'seed'), 'msg': 'Extra inputs are not permitted', 'input': 7}]"
      },
      ['seed']
    ],
    ['zod', { success: false, error: { issues: [{ code: 'unrecognized_keys', keys: ['seed'], path: [] }] } }, ['seed']],
    [
      'Google',
      [{ error: { code: 400, message: 'Invalid JSON payload received. Unknown name "seed": Cannot find field.' } }],
      ['seed']
    ],
    ['xAI', { code: 'Client specified an invalid argument', error: 'Argument not supported: size' }, ['size']],
    ['Groq', { error: { message: "property 'seed' is unsupported" } }, ['seed']],
    ['AWS', { message: 'Malformed input request: #: extraneous key [seed] is not permitted' }, ['seed']],
    ['Go', { error: 'json: unknown field "seed"' }, ['seed']],
    ['serde', { error: 'unknown field `seed`, expected one of `prompt`, `model`, `n`' }, ['seed']],
    [
      'Jackson',
      'Unrecognized field "seed" (class Call), not marked as ignorable (3 known properties: "prompt", "n"])',
      ['seed']
    ],
    ['Python', { error: "generate() got an unexpected keyword argument 'seed'" }, ['seed'], 500]
  ])('in the words of %s', (_of, body, names, status) => {
    expect(read(body, status)).toEqual({ names, isUnknown: true })
  })

  it.each<[what: string, body: unknown, names: string[]]>([
    ['by param', { error: { message: 'Must be divisible by 16.', param: 'size', code: 'invalid_value' } }, ['size']],
    ['by path', { errors: [{ path: ['seed'], message: 'Expected number' }] }, ['seed']],
    ['in a place', { error: { message: 'no', param: '$.body.seed' } }, ['seed']],
    ['in words', { error: "Invalid size '1023x767'" }, ['size']]
  ])('may be of a value: %s', (_what, body, names) => {
    expect(read(body)).toEqual({ names, isUnknown: false })
  })

  it.each<[what: string, body: unknown, status: number]>([
    ['another field', { error: { message: "Unknown parameter: 'lora'.", param: 'lora' } }, 400],
    ['a longer name', { error: 'unknown field "seed_mode"' }, 400],
    ['a letter', { error: 'This is not supported in a n-step model' }, 400],
    ['no field', { error: 'Too many images for this model' }, 400],
    ['a fault', { error: { message: 'the seed was lost', param: 'seed' } }, 500],
    ['a success', { error: "unknown field 'seed'" }, 200],
    ['a missing key', { error: "unknown 'seed'" }, 401],
    ['no JSON', '<html>seed</html>', 400],
    ['nothing', '', 400]
  ])('is not read into %s', (_what, body, status) => {
    expect(read(body, status).names).toEqual([])
  })

  it('is found quickly in hostile text', () => {
    const hostile = ['seed ', '"n" unknown ', 'parameter n', 'not ', '.'].map((piece) => piece.repeat(1_000_000))
    const began = performance.now()
    for (const text of hostile) read({ error: text })
    expect(performance.now() - began).toBeLessThan(5000)
  })
})
