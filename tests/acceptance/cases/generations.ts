import assert from 'node:assert/strict'
import sharp from 'sharp'
import type { ImagesAnswer, JobAnswer } from '../../support/image-calls.ts'
import { type AcceptanceCase, Unchecked } from '../acceptance-case.ts'
import type { Answer, Club } from '../club.ts'
import { hasMembers, isJson, isRefused } from '../expectations.ts'

const MOST_SEED = 2 ** 32 - 1

export function isImages(answer: Answer<ImagesAnswer>, count = 1): void {
  isJson(answer)
  hasMembers(answer.body, ['created', 'request_id', 'data', 'size', 'output_format'])
  assert.equal(answer.body.data.length, count)
  for (const item of answer.body.data) hasMembers(item, ['url', 'asset_id', 'seed'])
  saysWhole(answer.body)
  assert.ok(Number.isInteger(answer.body.created) && answer.body.created < 1e10, 'created is not in Unix seconds')
  assert.match(answer.headers.get('openai-processing-ms') ?? '', /^\d+$/)
}

/** What image servers told: strict clients fail on a usage that is partial. */
function saysWhole({ usage, quality, background }: ImagesAnswer): void {
  assert.ok(quality !== 'auto' && background !== 'auto', 'auto is not what was resolved')
  if (usage === undefined) return
  const details = ['text_tokens', 'image_tokens']
  hasMembers(usage, ['total_tokens', 'input_tokens', 'output_tokens', 'input_tokens_details'])
  hasMembers(usage.input_tokens_details, details)
  if (usage.output_tokens_details !== undefined) hasMembers(usage.output_tokens_details, details)
}

async function download(club: Club, { data }: ImagesAnswer) {
  const image = await club.fetch(data[0]?.url ?? '', { key: null })
  assert.equal(image.status, 200, 'the URL does not lead to the image')
  return { bytes: image.bytes, type: image.headers.get('content-type'), ...(await sharp(image.bytes).metadata()) }
}

export const generations: AcceptanceCase[] = [
  {
    name: 'a generation answers the URL of a stored image and what was resolved',
    rule: 'OpenAI: POST /v1/images/generations',
    images: 1,
    run: async (club) => {
      const answer = await club.generate()
      isImages(answer)
      assert.ok(!('b64_json' in (answer.body.data[0] ?? {})) || /gpt-image/.test((await club.model()).id))
      const image = await download(club, answer.body)
      assert.equal(answer.body.size, `${image.width}x${image.height}`)
      assert.equal(answer.body.output_format, image.format)
      assert.equal(image.type, `image/${image.format}`)
    }
  },
  {
    name: 'it comes at the path with a slash at its end',
    rule: 'paths work with and without a trailing slash',
    images: 1,
    run: async (club) => isImages(await club.call('/v1/images/generations/', { json: await club.fields() }))
  },
  {
    name: 'b64_json holds the bytes of the URL',
    rule: 'OpenAI: response_format',
    images: 1,
    run: async (club) => {
      const answer = await club.generate({ response_format: 'b64_json' })
      isJson(answer)
      const inline = Buffer.from(answer.body.data[0]?.b64_json ?? '', 'base64')
      if (answer.body.data[0]?.url === undefined) throw new Unchecked('this key is answered with base64 alone')
      assert.deepEqual(inline, (await download(club, answer.body)).bytes)
    }
  },
  {
    name: 'response_format url leaves the bytes out',
    rule: 'OpenAI: response_format',
    images: 1,
    run: async (club) => {
      const answer = await club.generate({ response_format: 'url' })
      isJson(answer)
      hasMembers(answer.body.data[0], ['url', 'asset_id', 'seed'])
      assert.ok(!('b64_json' in (answer.body.data[0] ?? {})), 'the bytes are there')
    }
  },
  {
    name: 'n: 2 is two images, whose seeds follow each other',
    rule: 'OpenAI: n',
    images: 2,
    run: async (club) => {
      const answer = await club.generate({ n: 2, seed: 41 })
      isImages(answer, 2)
      const [one, two] = answer.body.data
      assert.notEqual(one?.asset_id, two?.asset_id)
      if ((await club.model()).supported_features.includes('seed')) assert.deepEqual([one?.seed, two?.seed], [41, 42])
    }
  },
  {
    name: 'n above the limit is lowered to it',
    rule: 'n is clamped, never refused',
    images: 10,
    run: async (club) => {
      const { body } = await club.startJob({ n: 1_000_000 })
      await club.call(`/v1/jobs/${body.id}/cancel`, { method: 'POST' })
      const n = Number((await club.job(body.id)).parameters.n)
      assert.ok(n >= 1 && n < 1_000_000, `n is ${n}`)
    }
  },
  ...(['png', 'jpeg', 'webp'] as const).map((format) => ({
    name: `output_format ${format} is ${format}`,
    rule: 'OpenAI: output_format',
    images: 1,
    run: async (club: Club) => {
      const answer = await club.generate({ output_format: format })
      isImages(answer)
      assert.equal(answer.body.output_format, format)
      assert.equal((await download(club, answer.body)).format, format)
    }
  })),
  {
    name: 'output_format jpg is jpeg',
    rule: 'clients spell it so',
    images: 1,
    run: async (club) => {
      const answer = await club.generate({ output_format: 'jpg' })
      isImages(answer)
      assert.equal(answer.body.output_format, 'jpeg')
    }
  },
  {
    name: 'null is absent, text is a number, unknown fields are kept',
    rule: 'SDKs send null for None',
    images: 1,
    run: async (club) => {
      const nothing = {
        size: null,
        background: null,
        quality: null,
        seed: null,
        stream: null,
        user: null,
        response_format: null
      }
      const { body } = await club.startJob({ ...nothing, size: club.size, n: '1', x_acceptance: 'kept' })
      const { parameters } = await club.finished(body.id)
      assert.equal(parameters.n, 1)
      assert.equal(parameters.x_acceptance, 'kept')
      for (const name of ['background', 'quality', 'stream'])
        assert.ok(!(name in parameters), `${name} is ${parameters[name]}`)
    }
  },
  {
    name: 'seed −1 draws one',
    rule: 'what users of AUTOMATIC1111 and ComfyUI send',
    images: 1,
    run: async (club) => {
      const answer = await club.generate({ seed: -1 })
      isImages(answer)
      const seed = answer.body.data[0]?.seed ?? null
      assert.ok(seed === null || (seed >= 0 && seed <= MOST_SEED), `the seed is ${seed}`)
    }
  },
  ...[2 ** 32, Number.MAX_SAFE_INTEGER, '18446744073709551615'].map((seed) => ({
    name: `seed ${seed} is folded to 32 bits, and the answer says so`,
    rule: 'ComfyUI draws seeds of 64 bits',
    images: 1,
    run: async (club: Club) => {
      const answer = await club.generate({ seed })
      isImages(answer)
      const used = answer.body.data[0]?.seed ?? null
      assert.ok(used === null || (used >= 0 && used <= MOST_SEED), `the seed is ${used}`)
      assert.match((answer.body.warnings ?? []).join(' '), /seed/)
    }
  })),
  {
    name: 'stream: true streams as OpenAI’s events, or is refused by name',
    rule: 'no field of the API is ignored',
    images: 1,
    run: async (club) => {
      const answer = await club.generate({ stream: true })
      if (answer.status !== 200) return isRefused(answer, { status: 400, code: 'invalid_request', param: 'stream' })
      assert.match(answer.headers.get('content-type') ?? '', /^text\/event-stream/)
      assert.match(answer.text, /^event: image_generation\.completed\ndata: \{.*"b64_json":/m)
    }
  },
  {
    name: "visibility SECRET is its owner's, and the link that the answer holds works without a key",
    rule: 'who may fetch an image is as its caller says',
    images: 1,
    run: async (club) => {
      const answer = await club.generate({ visibility: 'SECRET' })
      assert.equal(answer.status, 200)
      const { body } = answer
      const bare = `/api/inference/assets/${body.data[0]?.asset_id}/`
      assert.equal((await club.call(bare, { key: null })).status, 404)
      assert.equal((await club.call(bare)).status, 200)
      const { pathname, search } = new URL(body.data[0]?.url ?? '')
      assert.equal((await club.call(pathname + search, { key: null })).status, 200)
    }
  },
  {
    name: 'a model whose name promises base64 gives it, and the URL, when nobody says a format',
    rule: 'OpenAI: gpt-image models answer with b64_json',
    images: 1,
    run: async (club) => {
      const named = (await club.models()).find(({ id }) => /^(gpt-image|chatgpt-image)/.test(id))
      if (!named) throw new Unchecked('no model is called gpt-image… here')
      const answer = await club.generate({ model: named.id })
      isImages(answer)
      hasMembers(answer.body.data[0], ['url', 'b64_json', 'asset_id', 'seed'])
    }
  },
  {
    name: 'bytes in an unknown field do not come back in lists',
    rule: 'lists hold no images',
    images: 1,
    run: async (club) => {
      const bytes = Buffer.alloc(48_000, 7).toString('base64')
      const answer = await club.generate<JobAnswer>({ async: true, x_reference: `data:image/png;base64,${bytes}` })
      if (answer.status >= 400) return assert.ok([400, 413].includes(answer.status), `answered ${answer.status}`)
      const list = await club.call('/v1/jobs?limit=1')
      assert.ok(!list.text.includes(bytes.slice(0, 1000)), 'the list holds the bytes')
    }
  }
]
