import type { EngineDescription } from '../engine-description.ts'

export const COMFYUI: EngineDescription = {
  name: 'comfyui',
  title: 'ComfyUI',
  detail: 'Checkpoints, Flux, SD 3.5, Qwen-Image, Z-Image, and workflows of your own',
  takes: ['url', 'api_key', 'headers', 'extras', 'max_pixels', 'multiple_of', 'check_models', 'queue_ahead'],
  options: [
    { name: 'yield', meaning: 'whether your own queue goes first' },
    { name: 'free_after', meaning: 'after how long without work memory is freed' },
    { name: 'previews', meaning: 'how pictures on the way are made' },
    { name: 'keep_files', meaning: 'whether results and history stay in ComfyUI' }
  ],
  modelOptions: [
    { name: 'workflow', meaning: 'a file with a workflow of yours, exported for the API' },
    { name: 'inputs', meaning: 'what goes where in that workflow' },
    { name: 'output', meaning: 'the node of that workflow that has the picture' },
    { name: 'family', meaning: 'what kind of model it is, where its name does not say' },
    { name: 'checkpoint', meaning: 'its checkpoint file' },
    { name: 'diffusion_model', meaning: 'its diffusion model file' },
    { name: 'text_encoders', meaning: 'the text encoder files of its diffusion model' },
    { name: 'vae', meaning: 'the VAE file of its diffusion model' },
    { name: 'loras', meaning: 'LoRA files that callers may name' },
    { name: 'steps', meaning: 'usual steps' },
    { name: 'guidance_scale', meaning: 'usual guidance' },
    { name: 'sampler', meaning: 'usual sampler' },
    { name: 'scheduler', meaning: 'usual scheduler' },
    { name: 'size', meaning: 'usual size' }
  ],
  features: ['generate', 'edit', 'mask', 'multi_image', 'negative_prompt', 'seed', 'preview'],
  usualFeatures: ['generate', 'edit', 'mask', 'negative_prompt', 'seed', 'preview'],
  usualUrls: ['http://127.0.0.1:8188', 'http://127.0.0.1:8000'],
  document: 'engines/comfyui.md'
}
