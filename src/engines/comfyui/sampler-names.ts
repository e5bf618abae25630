/** Names of samplers as other programs show them, beside what a rule makes of them. */
const SPECIAL: Readonly<Record<string, string>> = {
  unipc: 'uni_pc',
  dpm_adaptive: 'dpm_adaptive',
  dpmpp_2m_sde_heun: 'dpmpp_2m_sde_heun',
  k_euler: 'euler',
  k_euler_ancestral: 'euler_ancestral'
}
const SCHEDULERS = ['karras', 'exponential', 'sgm_uniform', 'simple', 'beta', 'normal']

/**
 * What ComfyUI calls a sampler, and the scheduler if the name has one: `DPM++ 2M Karras` is `dpmpp_2m` with `karras`,
 * `Euler a` is `euler_ancestral`. Whether the server has it is for the caller to see.
 */
export function readSampler(text: string): { sampler: string; scheduler?: string } {
  const words = text
    .trim()
    .toLowerCase()
    .replaceAll('++', 'pp')
    .replace(/[\s-]+/g, '_')
  const scheduler = SCHEDULERS.find((name) => words.endsWith(`_${name}`))
  const bare = (scheduler ? words.slice(0, -scheduler.length - 1) : words).replace(/_a$/, '_ancestral')
  return { sampler: SPECIAL[bare] ?? bare, ...(scheduler && { scheduler }) }
}
