import { ENGINES } from '../../../../src/engines/engine-descriptions.ts'

/** What people call an engine; one that this page does not know, of a newer agent perhaps, by its name. */
export const engineTitle = (name: string): string => ENGINES.find((one) => one.name === name)?.title ?? name
