import { Segmented } from '../../components/ui/segmented.tsx'
import { setTheme, type Theme, useTheme } from '../../lib/theme.ts'
import { Section } from './section.tsx'

const OPTIONS: readonly { value: Theme; label: string }[] = [
  { value: 'auto', label: 'As the system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' }
]

export const ThemeSection = () => (
  <Section title="Theme" description="Of this browser.">
    <Segmented label="Theme" value={useTheme()} options={OPTIONS} onChange={setTheme} className="self-start" />
  </Section>
)
