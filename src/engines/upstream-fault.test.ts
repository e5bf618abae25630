import { describe, expect, it } from 'vitest'
import { faultOfAnswer, faultOfEmptyAnswer, isNotOffered } from './upstream-fault.ts'
import { reasonOfNoImage } from './openai/openai-answer.ts'

const envelope = (message: string, more: Record<string, unknown> = {}) =>
  JSON.stringify({ error: { message, ...more } })

describe('faultOfAnswer', () => {
  it.each([
    [301, '', 'crashed'],
    [400, envelope('Bad size'), 'bad_request'],
    [400, '{"error":"prompt required"}', 'bad_request'],
    [400, '', 'bad_request'],
    [400, envelope("The model 'dall-e-3' does not exist."), 'model_missing'],
    [400, envelope('x', { code: 'content_policy_violation' }), 'content_rejected'],
    [400, envelope('x', { type: 'moderation_blocked' }), 'content_rejected'],
    [403, envelope('Rejected by our safety system'), 'content_rejected'],
    [400, envelope('x', { code: 'content_filter' }), 'content_rejected'],
    [400, envelope('x', { code: 'contentFilter' }), 'content_rejected'],
    [400, envelope('x', { innererror: { code: 'ResponsibleAIPolicyViolation' } }), 'content_rejected'],
    [400, envelope('x', { code: '400', inner_error: { code: 'ResponsibleAIPolicyViolation' } }), 'content_rejected'],
    [422, '{"detail":"NSFW content detected. Try another prompt."}', 'content_rejected'],
    [
      422,
      '{"detail":[{"msg":"The prompt triggered the content management policy: content filter"}]}',
      'content_rejected'
    ],
    [500, '{"error":"Potential NSFW content was detected in one or more images"}', 'content_rejected'],
    [422, '{"detail":[{"loc":["body","nsfw_filter"],"msg":"Extra inputs are not permitted"}]}', 'bad_request'],
    [400, envelope("Unknown parameter: 'enable_safety_checker'."), 'bad_request'],
    [503, envelope('The content filter is busy'), 'busy'],
    [400, envelope('Billing hard limit has been reached', { code: 'billing_hard_limit_reached' }), 'busy'],
    [401, '', 'unreachable'],
    [402, envelope('Pay'), 'crashed'],
    [403, '', 'unreachable'],
    [404, '', 'unreachable'],
    [404, '{"detail":"Not Found"}', 'unreachable'],
    [404, '{"error":{"code":"model_not_found","message":"nope"}}', 'model_missing'],
    [404, '{"error":"model \\"x\\" not found, try pulling it first"}', 'model_missing'],
    [
      404,
      envelope('The API deployment for this resource does not exist.', { code: 'DeploymentNotFound' }),
      'model_missing'
    ],
    [
      400,
      envelope('The imageGenerations operation does not work with the specified model', {
        code: 'OperationNotSupported'
      }),
      'model_missing'
    ],
    [400, envelope('Invalid model name passed in model=x'), 'model_missing'],
    [400, envelope("Invalid value: 'x'. Supported values are: 'gpt-image-1'.", { param: 'model' }), 'model_missing'],
    [422, '{"detail":[{"loc":["body","model"],"msg":"Input should be one of"}]}', 'model_missing'],
    [400, envelope('This model does not support image generation'), 'model_missing'],
    [400, envelope('API key not valid. Please pass a valid API key.'), 'unreachable'],
    [400, envelope('no', { code: 'invalid_api_key' }), 'unreachable'],
    [400, envelope("Invalid value: 'model' is no style", { param: 'style' }), 'bad_request'],
    [405, '', 'unreachable'],
    [408, '', 'busy'],
    [409, '', 'busy'],
    [413, '', 'bad_output'],
    [415, '', 'bad_request'],
    [418, '', 'crashed'],
    [422, '{"detail":[{"msg":"too small"}]}', 'bad_request'],
    [425, '', 'busy'],
    [429, '{"error":"job queue is full"}', 'busy'],
    [500, '{"error":"generate_image returned no results"}', 'crashed'],
    [500, '{"error":"HIP out of memory"}', 'out_of_memory'],
    [500, '{"error":"torch.OutOfMemoryError"}', 'out_of_memory'],
    [500, 'killed: OOM', 'out_of_memory'],
    [500, '{"error":"no room"}', 'crashed'],
    [502, '<html></html>', 'crashed'],
    [503, '', 'busy'],
    [503, '{"error":"CUDA_ERROR_OUT_OF_MEMORY"}', 'out_of_memory'],
    [504, '', 'crashed']
  ])('HTTP %i %s is %s', (status, body, fault) => {
    const error = faultOfAnswer({ status, body }, { secrets: [], call: 'images/generations' })
    expect(error.fault).toBe(fault)
    expect(error.message).not.toBe('')
  })

  it.each([
    [403, 'You may make no images', 'The image server refused its API key: You may make no images'],
    // It may show a part of the key.
    [401, 'Incorrect API key provided: sk-ab***cd', 'The image server refused its API key.'],
    [403, '', 'The image server refused its API key.']
  ])('of a refusal says what the key may not: %i %s', (status, said, message) => {
    const answer = { status, body: said === '' ? '' : envelope(said), sent: 'key' as const }
    expect(faultOfAnswer(answer, { secrets: [], call: 'images/generations' }).message).toBe(message)
  })

  it('of a key that Google misses in what it was sent is told as of OpenAI', () => {
    const answer = { status: 400, body: envelope('API key missing') }
    expect(faultOfAnswer(answer, { secrets: [], call: 'images/generations' }).message).toBe(
      'The image server wants an API key, and none is given.'
    )
  })

  it('keeps the server its words, without secrets', () => {
    const body = envelope('Size 31x31 is invalid for hush')
    expect(faultOfAnswer({ status: 400, body }, { secrets: ['hush'], call: 'images/generations' }).message).toBe(
      'Size 31x31 is invalid for [key]'
    )
  })
})

describe('faultOfEmptyAnswer', () => {
  it.each([
    [envelope('CUDA error at http://10.0.0.3/x', { type: 'server_error' }), 'bad_output', 'CUDA error at [address]'],
    ['{"error":"no GPU"}', 'bad_output', 'no GPU'],
    ['{"data":[]}', 'bad_output', 'without an image.'],
    ['{"data":[],"message":"nothing came"}', 'bad_output', 'nothing came'],
    ['<html><body>Sign in</body></html>', 'bad_output', 'web page'],
    ['', 'bad_output', 'without an image.'],
    [envelope('Bad size', { type: 'invalid_request_error' }), 'bad_request', 'Bad size'],
    [envelope('x', { code: 'content_filter' }), 'content_rejected', 'x'],
    ['{"data":[{"b64_json":null,"finish_reason":"content_filter"}]}', 'content_rejected', 'content_filter'],
    ['{"images":[],"message":"NSFW content detected"}', 'content_rejected', 'NSFW']
  ])('%s is %s', (body, fault, words) => {
    const error = faultOfEmptyAnswer({ status: 200, body }, { secrets: [], reason: reasonOfNoImage(body) })
    expect(error).toMatchObject({ fault, message: expect.stringContaining(words) })
    expect(error.message.length).toBeLessThan(400)
  })
})

it('of a server that makes images and knows no edits is of this call alone', () => {
  const answer = { status: 404, body: '' }
  expect(faultOfAnswer(answer, { secrets: [], call: 'images/edits' }).fault).toBe('crashed')
  expect(faultOfAnswer(answer, { secrets: [], call: 'images/generations' }).fault).toBe('unreachable')
})

describe('isNotOffered', () => {
  it.each([
    [404, '{"detail":"Not Found"}', true],
    [405, '', true],
    [501, '', true],
    [404, '{"error":"model x not found"}', false],
    [400, '', false],
    [200, '', false]
  ])('HTTP %i %s: %s', (status, body, notOffered) => {
    expect(isNotOffered({ status, body })).toBe(notOffered)
  })
})
