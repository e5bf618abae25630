import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { PlugZap, Sparkles } from 'lucide-react'
import { Button, buttonClass } from '../../../components/ui/button.tsx'
import { EmptyState } from '../../../components/ui/states.tsx'
import { AdviceText } from '../../../components/wait-note.tsx'
import { useNoModelAdvice } from '../../../lib/advice/use-advice.ts'
import { modelsQuery } from '../../../lib/models.ts'

const EXAMPLES = [
  'A lighthouse at dusk over calm sea, oil painting',
  'A red fox in deep snow, telephoto',
  'A tiny city made of folded paper'
]

/** Nothing was made yet: what to do first. */
export function EmptyStage({ onExample }: { onExample: (prompt: string) => void }) {
  const { data: models } = useQuery(modelsQuery)
  if (models?.length === 0) return <ConnectMachine />
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

/** Nobody offers a model: why, and what ends that. */
function ConnectMachine() {
  const why = useNoModelAdvice()
  if (!why) return null
  const { title, advice } = why
  return (
    <EmptyState
      icon={PlugZap}
      title={title}
      action={
        <div className="flex flex-wrap justify-center gap-2">
          <Link to="/network" search={{ dialog: 'connect' }} className={buttonClass('primary')}>
            Connect a machine
          </Link>
          <Link to="/network" className={buttonClass()}>
            Who is there
          </Link>
        </div>
      }
    >
      {advice && (
        <span className="mb-2 block text-text">
          <AdviceText advice={advice} />
        </span>
      )}
      Pictures are made on machines of the people here;{' '}
      {advice ? 'one that comes back is found at once.' : 'none is there yet.'} If you have a computer with an image
      server such as ComfyUI, or want to try the demo painter, connect it: you get the lines to run there.
    </EmptyState>
  )
}
