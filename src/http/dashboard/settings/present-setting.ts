import type { SettingView } from '../../../settings/settings.ts'
import type { LiveSetting } from '../contract/admin.ts'

export const presentSetting = ({ setting: live, value, fallback, isChanged }: SettingView): LiveSetting => {
  const { variable, title, description, kind, choices } = live.setting
  return {
    name: live.name,
    title: title ?? live.name,
    variable,
    description,
    kind: kind as LiveSetting['kind'],
    ...(choices && { choices: [...choices] }),
    value,
    fallback,
    isChanged
  }
}
