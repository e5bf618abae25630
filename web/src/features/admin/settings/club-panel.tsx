import { Undo2 } from 'lucide-react'
import { ChoosePicture } from '../../../components/choose-picture.tsx'
import { Button } from '../../../components/ui/button.tsx'
import { tell, tellError } from '../../../components/ui/toaster.tsx'
import { pictureOf, useClub } from '../../../lib/club.ts'
import { messageOf } from '../../../lib/fetch-json.ts'
import { useChangePicture } from './api.ts'

/** What the club shows of itself: its picture; its name is one of the settings. */
export function ClubPanel() {
  const club = useClub()
  const change = useChangePicture()
  const send = (file: File | null) =>
    change.mutate(file, {
      onSuccess: () => tell(file === null ? 'The picture is the usual one again' : 'The club has a new picture'),
      onError: (error) => tellError('The picture was not changed', messageOf(error))
    })
  return (
    <section
      aria-labelledby="club-picture"
      className="flex flex-wrap items-center gap-x-5 gap-y-4 rounded-2xl border border-line bg-surface px-4 py-4 shadow-card"
    >
      <img src={pictureOf(club)} alt="" width={56} height={56} className="size-14 shrink-0 rounded-xl" />
      <div className="flex min-w-48 flex-1 flex-col gap-1">
        <h2 id="club-picture" className="font-medium">
          Picture of the club
        </h2>
        <p className="text-muted">
          Beside its name on every page, in tabs and on invitations. The middle of a PNG, JPEG or WebP, at most 5 MB.
        </p>
      </div>
      <div className="flex flex-wrap gap-2">
        {club.picture !== null && (
          <Button
            look="ghost"
            icon={Undo2}
            busy={change.isPending && change.variables === null}
            onClick={() => send(null)}
          >
            Reset
          </Button>
        )}
        <ChoosePicture label="Picture of the club" busy={change.isPending && change.variables !== null} onFile={send} />
      </div>
    </section>
  )
}
