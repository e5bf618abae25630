import { useSyncExternalStore } from 'react'

export const THEMES = ['auto', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const system = matchMedia('(prefers-color-scheme: dark)')
const watchers = new Set<() => void>()

const stored = (): Theme => THEMES.find((theme) => theme === localStorage.getItem('theme')) ?? 'auto'

function apply(): void {
  const dark = stored() === 'dark' || (stored() === 'auto' && system.matches)
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
  for (const watcher of watchers) watcher()
}

system.addEventListener('change', apply)
// Another tab changed it.
addEventListener('storage', apply)

export function setTheme(theme: Theme): void {
  localStorage.setItem('theme', theme)
  apply()
}

export const useTheme = (): Theme =>
  useSyncExternalStore((watcher) => {
    watchers.add(watcher)
    return () => void watchers.delete(watcher)
  }, stored)
