import { readFile, writeFile } from 'node:fs/promises'

const statusOf = async (pid: number, name: string): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024
}

/** Bytes of memory that a process holds now. */
export const residentMemory = (pid: number): Promise<number> => statusOf(pid, 'VmRSS')

/** The most bytes of memory that a process has held since `forgetPeak`, as the kernel has counted. */
export const peakMemory = (pid: number): Promise<number> => statusOf(pid, 'VmHWM')

export const forgetPeak = (pid: number): Promise<void> => writeFile(`/proc/${pid}/clear_refs`, '5')
