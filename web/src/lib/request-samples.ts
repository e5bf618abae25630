import type { ProviderInfo, ServiceInfo } from '../../../src/http/dashboard/contract/network.ts'
import type {
  AttemptInfo,
  ImageInfo,
  RequestDetail,
  RequestSummary
} from '../../../src/http/dashboard/contract/requests.ts'

/** What tests begin with. */
export const image = (change: Partial<ImageInfo> = {}): ImageInfo => ({
  id: 'ast_1',
  position: 0,
  width: 1024,
  height: 1024,
  mediaType: 'image/png',
  bytes: 1_000_000,
  seed: 7,
  ...change
})

export const summary = (change: Partial<RequestSummary> = {}): RequestSummary => ({
  id: 'req_1',
  kind: 'generation',
  status: 'succeeded',
  model: 'demo',
  prompt: 'a red fox',
  n: 1,
  owner: { id: 'usr_1', name: 'Ada' },
  visibility: 'UNLISTED',
  takenDown: null,
  expiresAt: null,
  expiresIn: null,
  pinned: false,
  createdAt: 1000,
  startedAt: 2000,
  finishedAt: 9000,
  images: [image()],
  inputs: [],
  mask: null,
  progress: 100,
  making: [],
  size: null,
  queuePosition: null,
  etaSeconds: null,
  etaToldAt: null,
  isOverdue: false,
  wait: null,
  providers: ['home-rig'],
  error: null,
  ...change
})

export const detail = (change: Partial<RequestDetail> = {}): RequestDetail => ({
  ...summary(),
  parameters: { n: 1, size: 'auto' },
  warnings: [],
  revisedPrompts: [],
  attempts: [attempt()],
  key: null,
  batchId: null,
  isAsync: true,
  isMine: true,
  seenBy: [],
  ...change
})

export const attempt = (change: Partial<AttemptInfo> = {}): AttemptInfo => ({
  image: 0,
  provider: 'home-rig',
  owner: { id: 'usr_1', name: 'Ada' },
  service: 'painter',
  state: 'succeeded',
  progress: 100,
  reason: null,
  message: null,
  queuedAt: 1000,
  assignedAt: 2000,
  progressedAt: 2500,
  generatingMs: 6000,
  finishedAt: 9000,
  ...change
})

export const provider = (change: Partial<ProviderInfo> = {}): ProviderInfo => ({
  id: 'prv_1',
  name: 'rig',
  owner: { id: 'usr_1', name: 'Ada' },
  isMine: false,
  isOnline: true,
  onlineSince: 100,
  lastSeenAt: 100,
  agentVersion: null,
  keyEndedAt: null,
  drainedAt: null,
  trust: { state: 'trusted', since: null, isShared: true },
  services: [],
  images: 0,
  imagesToday: 0,
  ...change
})

/** A service that offers these models. */
export const service = ({
  models = [],
  canMake = true,
  ...change
}: Partial<Omit<ServiceInfo, 'models'>> & { models?: string[]; canMake?: boolean } = {}): ServiceInfo => ({
  id: 'svc_1',
  name: 'painter',
  type: 'image',
  engine: 'demo',
  description: null,
  access: 'members',
  listed: null,
  imagesPerHour: null,
  imagesPerUserHour: null,
  terms: null,
  isPaused: false,
  bar: null,
  usedUp: null,
  usedThisHour: null,
  models: models.map((id) => ({ id, features: [], isLoaded: null, canMake })),
  spareModels: null,
  found: null,
  wanted: null,
  warms: null,
  concurrency: 1,
  running: 0,
  cooling: null,
  warning: null,
  succeeded: 0,
  failed: 0,
  secondsPerMegapixel: null,
  ...change
})
