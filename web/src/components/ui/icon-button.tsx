import { clsx } from 'clsx'
import type { LucideIcon } from 'lucide-react'
import { Button, type ButtonProps } from './button.tsx'
import { Tooltip } from './tooltip.tsx'

export interface IconButtonProps extends Omit<ButtonProps, 'icon' | 'children'> {
  icon: LucideIcon
  /** What it does: its name for screen readers and its tooltip. */
  label: string
}

export function IconButton({ icon, label, className, look = 'ghost', size = 'medium', ...rest }: IconButtonProps) {
  const square = size === 'small' ? 'w-8 px-0!' : 'w-9 px-0!'
  return (
    <Tooltip text={label}>
      <Button
        {...rest}
        look={look}
        size={size}
        icon={icon}
        aria-label={label}
        className={clsx(square, 'pointer-coarse:min-w-[40px]', className)}
      />
    </Tooltip>
  )
}
