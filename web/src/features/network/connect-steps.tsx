import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { CircleCheck, LoaderCircle, TriangleAlert } from 'lucide-react'
import { useEffect, useRef } from 'react'
import type { ProviderInfo } from '../../../../src/http/dashboard/contract/network.ts'
import { Button, buttonClass } from '../../components/ui/button.tsx'
import { CopyButton } from '../../components/ui/copy-button.tsx'
import { CopyLine } from '../../components/ui/copy-line.tsx'
import { Dialog } from '../../components/ui/dialog.tsx'
import { usePerson, useRepository } from '../../lib/session.ts'
import { keysQuery } from '../../lib/keys.ts'
import { networkQuery } from '../../lib/network-query.ts'
import { arrivalOf, findArrived, findMine, problemsOf } from './arrived-machine.ts'
import { connectCommand, FIND_OUT, type MachineForm, serverSecretsOf } from './connect-command.ts'
import { ImageServerAdvice } from './image-server-advice.tsx'
import { GuideLink } from '../../components/guide-link.tsx'
import { RepositoryHint } from '../../components/repository-hint.tsx'
import { clubUrl } from '../../lib/base-path.ts'
import { isLoopback } from '../../lib/loopback.ts'

/** Somebody is about to start an agent. */
export interface Connecting {
  machine: MachineForm
  keyId: string
  secret: string
  /** Who was there when the key was made. */
  before: readonly ProviderInfo[]
  /** A command with a key of its own was shown for it and not used: it counts no more. */
  replacesKey: boolean
}

const LOOK_EVERY_MS = 2000

/** What to run on the machine, and whether it has come. */
export function ConnectSteps({ connecting, onClose }: { connecting: Connecting; onClose: () => void }) {
  const { machine, keyId, secret, before, replacesKey } = connecting
  const serverSecrets = serverSecretsOf(machine)
  const isReplaced = useIsRevoked(keyId)
  const repository = useRepository()
  const isAdmin = usePerson().role === 'admin'
  const { data } = useQuery({ ...networkQuery, refetchInterval: LOOK_EVERY_MS, refetchIntervalInBackground: true })
  const arrived = findArrived(machine.name, { before, now: data?.providers ?? [] })
  const problems = arrived ? problemsOf(arrived) : []
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={`Connect ${machine.name}`}
      actions={
        arrived ? (
          <>
            <Link to="/network/$id" params={{ id: arrived.id }} className={buttonClass()}>
              Look at it
            </Link>
            <Button look="primary" onClick={onClose}>
              Done
            </Button>
          </>
        ) : (
          <Button onClick={onClose}>Close</Button>
        )
      }
    >
      {arrived && <Arrival name={machine.name} arrived={arrived} />}
      {problems.length > 0 && <Problems problems={problems} />}
      {isReplaced && (
        <p role="alert" className="rounded-xl bg-bad-soft px-4 py-3 text-bad">
          The key of this command counts no more: it was revoked, or the command for {machine.name} was shown once more
          elsewhere. Close this and show it again.
        </p>
      )}
      {!arrived && (
        <>
          {replacesKey && (
            <p className="rounded-xl bg-warn-soft px-4 py-3 text-warn">
              The command that was shown for {machine.name} before, and was not used, counts no more. Use this one.
            </p>
          )}
          <Command
            text={connectCommand(machine, { gateway: clubUrl(), repository })}
            isWhole={repository !== null}
            isAdmin={isAdmin}
          />
          <CopyLine label="API key" text={secret} hint="The command asks for it, first of all: paste it there." />
          {serverSecrets.map(({ key, value }) => (
            <CopyLine key={key} label={SECRET_LABELS[key]} text={value} hint="The command asks for it next." />
          ))}
          <Hints
            finds={machine.engine === FIND_OUT}
            isWhole={repository !== null}
            isAdmin={isAdmin}
            keeps={serverSecrets.map(({ key }) => SECRET_LABELS[key])}
            replaces={findMine(machine.name, before)?.isOnline === true}
          />
          <Arrival name={machine.name} arrived={undefined} />
        </>
      )}
    </Dialog>
  )
}

/** As somebody does who shows the command in another window, too. */
function useIsRevoked(keyId: string): boolean {
  const { data = [] } = useQuery({ ...keysQuery, refetchInterval: LOOK_EVERY_MS })
  return data.some(({ id, revokedAt }) => id === keyId && revokedAt !== null)
}

const Command = ({ text, isWhole, isAdmin }: { text: string; isWhole: boolean; isAdmin: boolean }) => (
  <div className="flex flex-col gap-2">
    <div className="flex flex-wrap items-center justify-between gap-2">
      <p className="text-muted">
        {isWhole
          ? 'Paste this on that machine, which has to have git and npm.'
          : `Paste this on that machine, in the folder of inference.club. Where that is not there yet: ${isAdmin ? 'get it with git clone' : 'ask an admin of your club for the address, get it with git clone'}, then run npm ci in its folder.`}{' '}
        <GuideLink name="agent">All about agents</GuideLink>
      </p>
      <CopyButton text={text} look="primary" aria-label="Copy: the command" />
    </div>
    <pre
      tabIndex={0}
      aria-label="The command"
      className="max-h-[min(25rem,35dvh)] overflow-auto rounded-lg border border-line bg-sunken p-3 font-mono text-[13px] leading-relaxed [overflow-wrap:anywhere] whitespace-pre-wrap"
    >
      {text}
    </pre>
  </div>
)

const SECRET_LABELS = { url: 'Address of your image server', api_key: 'Key of your image server' } as const

interface HintsProps {
  finds: boolean
  replaces: boolean
  isWhole: boolean
  isAdmin: boolean
  /** What of the image server the agent's file is to hold that is secret. */
  keeps: readonly string[]
}

const Hints = ({ finds, replaces, isWhole, isAdmin, keeps }: HintsProps) => (
  <ul className="flex flex-col gap-1 text-[13px] text-muted">
    <li>
      The key was made for this machine, is shown only now, and is listed under API keys. It is in no command, so that
      no shell keeps it in its history: it is asked for, and put into a file that only you can read.
      {keeps.map((what) => ` ${what} stands in the agent’s file, which only you can read, too.`)}
    </li>
    {finds && (
      <li>
        The last line finds the image servers, tells what it found, writes the agent’s file and starts. Start your image
        server before it.
      </li>
    )}
    {!isWhole && isAdmin && (
      <li className="text-warn">
        <RepositoryHint isBeside />
      </li>
    )}
    {isLoopback(location.href) && (
      <li className="text-warn">
        {clubUrl()} is this computer alone. For another machine, put the gateway’s own address into it.
      </li>
    )}
    {replaces && <li className="text-warn">You have a machine of this name online. The new one takes its place.</li>}
  </ul>
)

/** Connected is the agent alone: whether it can make images depends on the image server behind it. */
const Problems = ({ problems }: { problems: readonly string[] }) => (
  <div className="flex flex-col gap-1 rounded-xl bg-warn-soft px-4 py-3 text-[13px] text-warn">
    {problems.map((problem) => (
      <p key={problem} className="font-medium [overflow-wrap:anywhere]">
        {problem}
      </p>
    ))}
    <ImageServerAdvice />
  </div>
)

/** A command that ends before its agent reaches the club is seen in its terminal alone. */
const IF_IT_ENDS =
  'It is told here as soon as its agent is there. If the command has ended with an error, its last line says why; mend that and run it again.'

function Arrival({ name, arrived }: { name: string; arrived: ProviderInfo | undefined }) {
  const news = arrived && arrivalOf(arrived)
  const place = useRef<HTMLDivElement>(null)
  const hasArrived = arrived !== undefined
  // On a phone the instructions are longer than the screen.
  useEffect(() => {
    if (hasArrived) place.current?.scrollIntoView({ block: 'nearest' })
  }, [hasArrived])
  const isOpen = !news || news.isLookedAt
  const look = isOpen ? 'bg-hover text-muted' : news.isReady ? 'bg-good-soft text-good' : 'bg-warn-soft text-warn'
  const Icon = isOpen ? LoaderCircle : news.isReady ? CircleCheck : TriangleAlert
  return (
    <div
      ref={place}
      role="status"
      className={clsx('flex min-h-14 shrink-0 items-center gap-3 rounded-xl px-4 py-3', look)}
    >
      <Icon className={clsx('size-5 shrink-0', isOpen && 'animate-spin')} aria-hidden />
      <span className="min-w-0 [overflow-wrap:anywhere]">
        <span className="font-medium">{news ? news.headline : `Waiting for ${name}…`}</span>
        {(news?.notes ?? [IF_IT_ENDS]).map((note) => (
          <span key={note} className="block text-[13px]">
            {note}
          </span>
        ))}
      </span>
    </div>
  )
}
