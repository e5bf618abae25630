import type { ProviderDetail, ServiceInfo } from '../../../../src/http/dashboard/contract/network.ts'
import { ImageServerAdvice } from './image-server-advice.tsx'
import { WarningBadge } from './provider-states.tsx'

/** What is wrong with the image servers of a machine, and what its owner does about it. */
export const ServiceWarnings = ({ services }: Pick<ProviderDetail, 'services'>) => (
  <>
    {services.map(
      ({ id, name, warning, terms }) =>
        warning && (
          <Warning key={id} name={services.length > 1 ? name : undefined} warning={warning} isMine={terms !== null} />
        )
    )}
  </>
)

interface WarningProps {
  /** Of its service, where the machine has others. */
  name: string | undefined
  warning: NonNullable<ServiceInfo['warning']>
  isMine: boolean
}

const Warning = ({ name, warning, isMine }: WarningProps) => (
  <div role="status" className="flex flex-col items-start gap-1.5 rounded-xl border border-line bg-surface px-4 py-3">
    <div className="flex flex-wrap items-center gap-2">
      {name !== undefined && <span className="font-medium [overflow-wrap:anywhere]">{name}</span>}
      <WarningBadge warning={warning} />
    </div>
    {warning.text !== null && <p className="[overflow-wrap:anywhere]">Its agent says: “{warning.text}”</p>}
    {isMine && (
      <div className="text-muted">
        <ImageServerAdvice />
      </div>
    )}
  </div>
)
