import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode, useEffect } from 'react'
import { Toaster } from '../components/ui/toaster.tsx'
import { TooltipProvider } from '../components/ui/tooltip.tsx'
import { keepFresh } from '../lib/live-cache.ts'
import { keepLiveImages } from '../lib/live-images.ts'
import { followConnection } from './follow-connection.ts'
import { queryClient } from './query-client.ts'
import { router } from './router.tsx'

export function App() {
  useEffect(() => keepFresh(queryClient), [])
  useEffect(keepLiveImages, [])
  useEffect(() => followConnection(queryClient, window), [])
  return (
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <TooltipProvider>
          <RouterProvider router={router} />
          <Toaster />
        </TooltipProvider>
      </QueryClientProvider>
    </StrictMode>
  )
}
