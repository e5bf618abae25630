/** The data folder cannot be used as it is. The message tells its operator in a sentence why, and what helps. */
export class DataDirUnusable extends Error {}
