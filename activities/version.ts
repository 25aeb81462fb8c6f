import manifest from '../package.json' with { type: 'json' };

/** Baton's own, as providers are told it. */
export const { version } = manifest;
