import { Tabs as Base } from '@base-ui/react/tabs'
import type { ReactNode } from 'react'

export interface TabEntry<V extends string> {
  value: V
  label: string
  children: ReactNode
}

export interface TabsProps<V extends string> {
  label: string
  value: V
  tabs: readonly TabEntry<V>[]
  onChange: (value: V) => void
  /** At the right of the tabs. */
  actions?: ReactNode
}

/** Several panels, one of them visible. */
export function Tabs<V extends string>({ label, value, tabs, onChange, actions }: TabsProps<V>) {
  return (
    <Base.Root value={value} onValueChange={(chosen) => onChange(chosen as V)} className="flex min-w-0 flex-col gap-3">
      <div className="flex items-center justify-between gap-3">
        <Base.List
          aria-label={label}
          className="inline-flex rounded-lg border border-line bg-sunken p-0.5"
          activateOnFocus
        >
          {tabs.map((tab) => (
            <Base.Tab
              key={tab.value}
              value={tab.value}
              className="inline-flex h-8 items-center justify-center rounded-md px-3 text-[13px] font-medium text-muted transition-colors hover:text-text data-active:bg-raised data-active:text-text data-active:shadow-card pointer-coarse:h-[40px]"
            >
              {tab.label}
            </Base.Tab>
          ))}
        </Base.List>
        {actions}
      </div>
      {tabs.map((tab) => (
        <Base.Panel key={tab.value} value={tab.value} className="min-w-0">
          {tab.children}
        </Base.Panel>
      ))}
    </Base.Root>
  )
}
