import { execFile } from 'node:child_process'

const SEVERE = ['high', 'critical']
const FOLDERS = ['.', 'tests/clients', 'bench']
/** How long the registry may take for each; another number can be given. */
const WITHIN_MS = Number(process.argv[2] ?? 60_000)

/** The part of what `npm audit --json` prints that counts here; a registry that does not answer leaves no such report. */
interface Report {
  vulnerabilities: Record<
    string,
    { name: string; severity: string; range: string; via: (string | { title: string; url: string })[] }
  >
}

/** What the registry says about a lock file, or why it said nothing. */
function audit(folder: string): Promise<Report | string> {
  const args = ['audit', '--json', '--audit-level=high', '--fetch-retries=1']
  return new Promise((resolve) => {
    // Its exit code is 1 for advisories as well as for a network that is down: what it prints tells them apart.
    const options = { cwd: folder, timeout: WITHIN_MS, killSignal: 'SIGKILL', maxBuffer: 64 * 2 ** 20 } as const
    execFile('npm', args, options, (error, stdout) => {
      if (error?.killed) return resolve(`no answer within ${WITHIN_MS / 1000} s`)
      resolve(readReport(stdout) ?? 'no report')
    })
  })
}

/** The report, or the reason that stands in place of it; undefined when it is neither. */
function readReport(text: string): Report | string | undefined {
  try {
    const said = JSON.parse(text) as Partial<Report> & { message?: unknown; error?: { summary?: unknown } }
    if (typeof said.vulnerabilities === 'object' && said.error === undefined) return said as Report
    const reason = said.message ?? said.error?.summary
    return typeof reason === 'string' ? reason.split('\n')[0] : undefined
  } catch {
    return undefined
  }
}

/** Red on advisories of which one had better not wait; a registry that cannot be asked is no fault of what is checked. */
for (const folder of FOLDERS) {
  const report = await audit(folder)
  if (typeof report === 'string') {
    console.log(`${folder}: could not ask for advisories: ${report}`)
    continue
  }
  const severe = Object.values(report.vulnerabilities).filter(({ severity }) => SEVERE.includes(severity))
  for (const { name, severity, range, via } of severe) {
    const why = via.map((one) => (typeof one === 'string' ? `by ${one}` : `${one.title} ${one.url}`))
    console.log(`${folder}: ${severity}: ${name} ${range}: ${why.join('; ')}`)
  }
  if (severe.length === 0) console.log(`${folder}: no severe advisories`)
  else process.exitCode = 1
}
