export interface Guide {
  /** In its address, and of its file in `docs/`, without the ending. */
  name: string
  /** What it is for, in the list of them. */
  about: string
}

/** The documents of `docs/` that people of a club need, in the order of the list. No others are served. */
export const GUIDES: readonly Guide[] = [
  { name: 'clients', about: 'Programs that work here, and what to set in them.' },
  { name: 'images', about: 'Addresses of images, small ones, and what is told about them.' },
  { name: 'privacy', about: 'What is kept of your requests, for how long, and how to keep less, or more.' },
  { name: 'jobs', about: 'Work that nobody waits for: following, canceling, batches, repeating safely.' },
  { name: 'limits-and-usage', about: 'What keys and people may use, and what they used.' },
  { name: 'webhooks', about: 'A server of yours is told when a job ends.' },
  { name: 'agent', about: 'Connecting a machine with a GPU: its file, whom it serves, as a service.' },
  { name: 'engines/comfyui', about: 'What ComfyUI can do here, with models of its own or a workflow of yours.' },
  { name: 'engines/automatic1111', about: 'The same for AUTOMATIC1111, Forge, SD.Next and what imitates them.' },
  { name: 'engines/swarmui', about: 'The same for SwarmUI.' },
  { name: 'engines/invokeai', about: 'The same for InvokeAI.' },
  { name: 'engines/sdcpp', about: 'The same for stable-diffusion.cpp.' },
  { name: 'engines/openai', about: "The same for servers with OpenAI's image API, and how they differ." },
  { name: 'provenance', about: 'How images say that a machine made them, and asking whether one was made here.' },
  { name: 'security', about: 'Who can see and do what, whose machines make the images, every limit.' },
  { name: 'people', about: 'How people join and sign in.' },
  { name: 'operations', about: 'Running the server: proxies, health, faults, upgrades.' },
  { name: 'configuration', about: 'Every setting of the server.' }
]
