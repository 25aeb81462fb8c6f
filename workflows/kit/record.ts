import { engine } from './run.ts';

/** Writes a line on the incident's timeline, in the record. */
export async function record(text: string, links?: { text: string; url: string }[]): Promise<void> {
  await engine.recordLine({ text, ...(links ? { links } : {}) });
}
