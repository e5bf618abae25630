// Before the first paint, so that no page flashes in the other theme. `auto` follows the system.
;(() => {
  const chosen = localStorage.getItem('theme') ?? 'auto'
  const dark = chosen === 'dark' || (chosen === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
})()
