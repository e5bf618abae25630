import type { RequestDetail } from '../../../../src/http/dashboard/contract/requests.ts'

/** A finished request, for tests. */
export const sampleRequest = (part: Partial<RequestDetail> = {}): RequestDetail => ({
  id: 'req_1',
  kind: 'generation',
  status: 'succeeded',
  model: 'demo',
  prompt: 'a fox',
  n: 2,
  owner: { id: 'usr_1', name: 'Ada' },
  createdAt: 0,
  startedAt: 0,
  finishedAt: 0,
  images: [],
  inputs: [],
  mask: null,
  progress: 100,
  size: null,
  queuePosition: null,
  etaSeconds: null,
  etaToldAt: null,
  wait: null,
  providers: [],
  error: null,
  parameters: {},
  warnings: [],
  revisedPrompts: [],
  attempts: [],
  key: null,
  batchId: null,
  isAsync: true,
  isMine: true,
  ...part
})

export const sampleImage = (position: number) => ({
  id: `ast_${position}`,
  position,
  width: 80,
  height: 60,
  mediaType: 'image/png',
  bytes: 1,
  seed: 7 + position
})
