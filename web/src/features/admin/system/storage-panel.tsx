import { clsx } from 'clsx'
import type { StorageUse } from '../../../../../src/http/dashboard/contract/admin.ts'
import { Panel } from '../../../components/ui/panel.tsx'
import { formatBytes, formatNumber } from '../../../lib/format.ts'

/** What the stored images take of the disk. */
export function StoragePanel({ storage: { outputs, inputs, quarantine, freeBytes } }: { storage: StorageUse }) {
  const parts = [
    { label: 'Made here', color: 'bg-accent', bytes: outputs.bytes, detail: countOf(outputs.images) },
    { label: 'Sent along', color: 'bg-info', bytes: inputs.bytes, detail: countOf(inputs.images) },
    ...(quarantine.images === 0
      ? []
      : [
          {
            label: 'Set aside',
            color: 'bg-bad',
            bytes: quarantine.bytes,
            detail: `${countOf(quarantine.images)} of no request`
          }
        ]),
    ...(freeBytes === null
      ? []
      : [{ label: 'Free on the disk', color: 'bg-line-strong/40', bytes: freeBytes, detail: 'for everything' }])
  ]
  const all = parts.reduce((total, { bytes }) => total + bytes, 0)
  return (
    <Panel title="Stored images">
      <div aria-hidden className="flex h-3 gap-0.5 overflow-hidden rounded-full bg-sunken">
        {parts.map(({ label, color, bytes }) => (
          // A little can be seen as well.
          <span
            key={label}
            className={clsx('h-full min-w-1', color)}
            style={{ flexGrow: all === 0 ? 0 : bytes / all }}
          />
        ))}
      </div>
      <dl className="mt-4 grid gap-x-6 gap-y-3 sm:grid-cols-3">
        {parts.map(({ label, color, bytes, detail }) => (
          <div key={label} className="flex flex-col">
            <dt className="flex items-center gap-2 text-[13px] text-muted">
              <span aria-hidden className={clsx('size-2.5 rounded-[3px]', color)} />
              {label}
            </dt>
            <dd className="text-lg font-semibold tabular-nums">{formatBytes(bytes)}</dd>
            <dd className="text-xs text-faint">{detail}</dd>
          </div>
        ))}
      </dl>
      <p className="mt-4 text-[13px] text-muted">Small copies of images are not counted.</p>
    </Panel>
  )
}

const countOf = (images: number): string => (images === 1 ? '1 image' : `${formatNumber(images)} images`)
