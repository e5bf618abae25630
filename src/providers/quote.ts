/** What a provider's agent or image server wrote, told as its words and not as ours. */
export const quote = (provider: string, text: string): string => `${provider} says: “${text}”`
