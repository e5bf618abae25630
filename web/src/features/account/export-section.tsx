import { Download } from 'lucide-react'
import { buttonClass } from '../../components/ui/button.tsx'
import { exportUrl } from './api.ts'
import { Section } from './section.tsx'

/** A link and no call: the browser saves the archive while it arrives, however large it is. */
export const ExportSection = () => (
  <Section
    title="Your images"
    description="All that you made and sent along, with what you asked for, in one ZIP archive. It is made while you save it."
  >
    <a href={exportUrl} download className={`${buttonClass()} self-start`}>
      <Download className="size-4" aria-hidden />
      Save my images
    </a>
  </Section>
)
