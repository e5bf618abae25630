/**
 * Whether a model's id is one of OpenAI's GPT Image family, which refuse `response_format` and always answer with
 * base64: `gpt-image*` and `chatgpt-image*`, also behind a vendor as routers spell it (`openai/gpt-image-1`).
 */
export const isGptImageModel = (model: string): boolean =>
  /^(?:gpt-image|chatgpt-image)/i.test(model.slice(model.lastIndexOf('/') + 1))

/** OpenAI's own models: they refuse every parameter that OpenAI does not document, `seed` among them. */
export const isOpenAIModel = (model: string): boolean => isGptImageModel(model) || /^(?:.*\/)?dall-e[^/]*$/i.test(model)
