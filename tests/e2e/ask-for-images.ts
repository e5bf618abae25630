import type { AcceptedRequest } from '../../src/http/dashboard/contract/requests.ts'
import type { TestGateway, TestPerson } from '../support/test-gateway.ts'

export interface Asking {
  model: string
  prompt: string
  n?: number
  size?: string
  seed?: number
  steps?: number
  loras?: { name: string; weight: number }[]
  /** Makes it an edit. */
  images?: { file_id: string }[]
}

/** Asks for images as the playground does; answers the request's id. */
export async function askForImages(gateway: TestGateway, person: TestPerson, asking: Asking): Promise<string> {
  const path = asking.images ? 'images/edits' : 'images/generations'
  const response = await gateway.call(`/api/dashboard/${path}`, {
    json: { ...asking, async: true },
    headers: { cookie: person.cookie }
  })
  if (response.status !== 202) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
  return ((await response.json()) as AcceptedRequest).id
}
