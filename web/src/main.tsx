import { createRoot } from 'react-dom/client'
import { App } from './app/app.tsx'
import './app/theme.css'

const root = document.getElementById('root')
if (!root) throw new Error('the page has no root element')
createRoot(root).render(<App />)
