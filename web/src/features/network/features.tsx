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

/** What a model can do, in one sentence without a sign: “Text to image, edits, masks”. */
export const FeatureText = ({ features }: { features: readonly string[] }) => {
  const words = features.map((name) => featureOf(name).label).join(', ')
  return (
    <span className="text-[13px] [overflow-wrap:anywhere] text-muted">
      {words === '' ? 'Tells nothing of what it can do' : words.charAt(0) + words.slice(1).toLowerCase()}
    </span>
  )
}

/** The same as a list, each with its sign. */
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
