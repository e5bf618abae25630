import type OpenAI from 'openai'
import sharp from 'sharp'
import type { TokenUsage } from '../../src/images/image-report.ts'

/** The answer of an image call as the contract has it, and what the official client adds to it. */
export interface ImagesAnswer {
  created: number
  request_id: string
  data: { url: string; b64_json?: string; asset_id: string; seed: number; revised_prompt?: string }[]
  size: string
  output_format: string
  quality?: string
  background?: string
  usage?: TokenUsage
  warnings?: string[]
  /** The client's: the `x-request-id` of the exchange. */
  _request_id?: string
}

export interface JobAnswer {
  id: string
  object: string
  status: string
  inference_type: string
  model: string
  created: number
  queued_at: string
  kind: string
  prompt: string
  parameters: Record<string, unknown>
  progress: number
  started_at: number | null
  finished_at: number | null
  attempts: {
    image: number
    provider: string
    service: string
    status: string
    reason: string | null
    started_at: number
    finished_at: number | null
  }[]
  waiting?: { reason: string; gives_up_at?: number }
  result_url?: string
  result?: ImagesAnswer
  error?: { message: string; type: string; param: string | null; code: string }
}

/** Fields that make a call valid and its picture quick. */
export const SMALL = { model: 'demo', prompt: 'a red fox', size: '48x32', steps: 2 }

/** A generation through the official client, whose types know neither our sizes nor our fields. */
export const generate = async (client: OpenAI, fields: Record<string, unknown> = {}): Promise<ImagesAnswer> =>
  (await client.images.generate({ ...SMALL, ...fields } as never)) as unknown as ImagesAnswer

export const getJob = async (client: OpenAI, id: string): Promise<JobAnswer> => client.get(`/jobs/${id}`)

export interface FetchedImage {
  bytes: Buffer
  mediaType: string | null
  /** As decoded: `png`, `jpeg`, `webp`. */
  format: string
  width: number
  height: number
}

/** Downloads an image as a browser would, without a key, and decodes all of it. */
export async function fetchImage(url: string): Promise<FetchedImage> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  const bytes = Buffer.from(await response.arrayBuffer())
  const { format } = await sharp(bytes).metadata()
  const { info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true })
  return { bytes, mediaType: response.headers.get('content-type'), format, width: info.width, height: info.height }
}
