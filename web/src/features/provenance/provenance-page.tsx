import { Link } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { ArrowLeft, CircleCheck, CircleHelp } from 'lucide-react'
import { type DragEvent, useState } from 'react'
import { ChoosePicture } from '../../components/choose-picture.tsx'
import { ClubSign } from '../../components/club-sign.tsx'
import { Notice } from '../../components/ui/notice.tsx'
import { ApiError, messageOf } from '../../lib/fetch-json.ts'
import { useSession } from '../../lib/session.ts'
import { useTitle } from '../../lib/use-title.ts'
import { type ProvenanceAnswer, useCheckPicture } from './api.ts'

const TITLE = 'Was this made here?'

/** For members and, where the operator lets them, everybody: so it stands alone, without the navigation. */
export function ProvenancePage() {
  useTitle(TITLE)
  const { data: session } = useSession()
  const mayAsk = session?.mayCheckPictures !== false
  const check = useCheckPicture()
  return (
    <div className="flex min-h-dvh flex-col px-6 py-6 sm:px-10">
      <header className="flex min-w-0 items-center gap-2.5 font-semibold tracking-tight">
        <Link to="/" className="flex min-w-0 items-center gap-2.5">
          <ClubSign />
        </Link>
      </header>
      <main className="mx-auto flex w-full max-w-xl flex-1 flex-col gap-6 py-8 lg:justify-center">
        <div className="flex flex-col gap-1.5">
          <h1 className="text-2xl font-semibold tracking-tight">{TITLE}</h1>
          <p className="text-muted">
            Show a picture, and you are told whether it was made here. Nothing of it is kept, and nothing else is told.
          </p>
        </div>
        {mayAsk ? <PictureDrop busy={check.isPending} onFile={(file) => check.mutate(file)} /> : <MembersOnly />}
        <div aria-live="polite">
          {check.data && <Answer answer={check.data} name={check.variables.name} />}
          {check.error && mayAsk && <Refusal error={check.error} />}
        </div>
        {session && (
          <Link
            to={session.person ? '/' : '/sign-in'}
            className="flex items-center gap-1.5 self-start text-muted underline-offset-2 hover:underline"
          >
            <ArrowLeft className="size-4" aria-hidden />
            {session.person ? 'Back to the dashboard' : 'To the sign-in page'}
          </Link>
        )}
      </main>
    </div>
  )
}

function PictureDrop({ busy, onFile }: { busy: boolean; onFile: (file: File) => void }) {
  const [over, setOver] = useState(false)
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    const [file] = event.dataTransfer.files
    if (file) onFile(file)
  }
  return (
    <div
      onDragOver={(event) => {
        // Without this the browser would open the file instead of the page.
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
      className={clsx(
        'flex flex-col items-center gap-4 rounded-2xl border-2 border-dashed px-4 py-12 text-center',
        over ? 'border-accent' : 'border-line'
      )}
    >
      <p className="text-muted">Drop a PNG, JPEG or WebP here.</p>
      <ChoosePicture label="Picture to check" busy={busy} onFile={onFile} />
    </div>
  )
}

const HOW: Readonly<Record<ProvenanceAnswer['by'][number], string>> = {
  hash: 'It is, byte for byte, a picture that is kept here.',
  mark: 'It carries Content Credentials that were signed here and fit it.'
}

function Answer({ answer, name }: { answer: ProvenanceAnswer; name: string }) {
  const Icon = answer.made_here ? CircleCheck : CircleHelp
  return (
    <section className="flex gap-3 rounded-2xl border border-line bg-surface px-4 py-4 shadow-card">
      <Icon className={clsx('mt-0.5 size-5 shrink-0', answer.made_here ? 'text-good' : 'text-muted')} aria-hidden />
      <div className="flex min-w-0 flex-col gap-1">
        <h2 className="font-semibold">{answer.made_here ? 'Yes, it was made here' : 'Nothing says that it was'}</h2>
        <p className="truncate text-muted">{name}</p>
        {answer.by.map((sign) => (
          <p key={sign}>{HOW[sign]}</p>
        ))}
        {!answer.made_here && (
          <p>
            That is no proof of the contrary: the marks are lost when a picture is edited, converted or passed on by a
            program that drops them.
          </p>
        )}
      </div>
    </section>
  )
}

const Refusal = ({ error }: { error: Error }) =>
  error instanceof ApiError && error.status === 401 ? <MembersOnly /> : <Notice look="bad">{messageOf(error)}</Notice>

/** To a stranger, where the operator lets members alone ask. */
const MembersOnly = () => (
  <Notice look="info">
    Only members may ask here.{' '}
    <Link to="/sign-in" search={{ next: '/provenance' }} className="underline">
      Sign in
    </Link>
  </Notice>
)
