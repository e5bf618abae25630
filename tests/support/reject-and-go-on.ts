import { surviveRejections } from '../../src/cli/survive-rejections.ts'
import { createLogger } from '../../src/lib/logger.ts'

// A program with a fault: it prints `still here` when it has outlived it.
surviveRejections(createLogger('silent'))
void Promise.reject(new Error('nobody waits for this'))
setImmediate(() => console.log('still here'))
