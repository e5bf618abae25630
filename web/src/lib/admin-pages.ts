/** The pages for admins, in the order of their tabs, which the palette knows, too. */
export const ADMIN_PAGES = [
  { to: '/admin/system', label: 'System' },
  { to: '/admin/people', label: 'People' },
  { to: '/admin/errors', label: 'Errors' },
  { to: '/admin/reports', label: 'Reports' },
  { to: '/admin/webhooks', label: 'Webhooks' },
  { to: '/admin/settings', label: 'Settings' }
] as const
