import { engine, runCause } from './run.ts';

/** Writes a line on the incident's timeline, in the record. */
export async function record(text: string, links?: { text: string; url: string }[]): Promise<void> {
  const cause = runCause();
  await engine.recordLine({
    text,
    ...(links ? { links } : {}),
    cause: {
      ...(cause ? { trigger: cause.trigger } : {}),
      ...(cause?.subject === undefined ? {} : { subject: cause.subject }),
    },
  });
}
