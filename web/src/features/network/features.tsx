import { Brush, Dices, Eraser, Eye, Images, type LucideIcon, PencilLine, Puzzle, Shuffle, Sparkles } from 'lucide-react'

const FEATURES: Record<string, { label: string; icon: LucideIcon }> = {
  generate: { label: 'Text to image', icon: Sparkles },
  edit: { label: 'Edits', icon: PencilLine },
  mask: { label: 'Masks', icon: Brush },
  multi_image: { label: 'Several images', icon: Images },
  variation: { label: 'Variations', icon: Shuffle },
  negative_prompt: { label: 'Negative prompt', icon: Eraser },
  seed: { label: 'Seeds', icon: Dices },
  preview: { label: 'Previews', icon: Eye }
}

const featureOf = (name: string) => FEATURES[name] ?? { label: name, icon: Puzzle }

/** What a model can do, as small signs with their names. */
export const FeatureIcons = ({ features }: { features: readonly string[] }) => (
  <span className="inline-flex flex-wrap items-center gap-1 text-faint">
    {features.map((name) => {
      const { label, icon: Icon } = featureOf(name)
      return (
        <span key={name} title={label} className="relative">
          <Icon className="size-3.5" aria-hidden />
          <span className="sr-only">{label}, </span>
        </span>
      )
    })}
  </span>
)

/** The same in words. */
export const FeatureWords = ({ features }: { features: readonly string[] }) => (
  <ul className="flex flex-wrap gap-x-3 gap-y-1 text-[13px] text-muted">
    {features.map((name) => {
      const { label, icon: Icon } = featureOf(name)
      return (
        <li key={name} className="inline-flex items-center gap-1.5">
          <Icon className="size-3.5 text-faint" aria-hidden />
          {label}
        </li>
      )
    })}
  </ul>
)
