import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { PlugZap, Sparkles } from 'lucide-react'
import { Button, buttonClass } from '../../../components/ui/button.tsx'
import { CopyLine } from '../../../components/ui/copy-line.tsx'
import { EmptyState } from '../../../components/ui/states.tsx'
import { basePath } from '../../../lib/base-path.ts'
import { modelsQuery } from '../../../lib/models.ts'

const EXAMPLES = [
  'A lighthouse at dusk over calm sea, oil painting',
  'A red fox in deep snow, telephoto',
  'A tiny city made of folded paper'
]

/** Nothing was made yet: what to do first. */
export function EmptyStage({ onExample }: { onExample: (prompt: string) => void }) {
  const { data: models } = useQuery(modelsQuery)
  if (models?.length === 0) return <ConnectAgent />
  return (
    <EmptyState
      icon={Sparkles}
      title="Your images appear here"
      action={
        <div className="flex flex-wrap justify-center gap-2 pt-2">
          {EXAMPLES.map((prompt) => (
            <Button key={prompt} size="small" className="max-w-full" onClick={() => onExample(prompt)}>
              <span className="truncate">{prompt}</span>
            </Button>
          ))}
        </div>
      }
    >
      Describe a picture and press Generate. You can leave the page meanwhile: what was asked for goes on. A prompt to
      begin with:
    </EmptyState>
  )
}

/** Nobody offers a model. */
const ConnectAgent = () => (
  <EmptyState
    icon={PlugZap}
    title="No image model is online"
    action={
      <div className="flex flex-wrap justify-center gap-2">
        <Link to="/keys" className={buttonClass('primary')}>
          Make an API key
        </Link>
        <a href={`${basePath}/docs`} target="_blank" rel="noopener" className={buttonClass()}>
          API reference
        </a>
      </div>
    }
  >
    <div className="flex flex-col gap-4">
      <p>
        Pictures are made by agents: programs beside an image server such as ComfyUI, on any machine. Make an API key,
        name the server in agent.yaml, and start the agent there:
      </p>
      <div className="text-left">
        <CopyLine label="Command" text="inference-club agent --config agent.yaml" />
      </div>
    </div>
  </EmptyState>
)
