import { engine } from './run.ts';

/** Writes a line on the incident's timeline, in the record. `subject`: of another incident than the run's own. */
export async function record(
  text: string,
  links: { text: string; url: string }[] = [],
  subject?: string,
): Promise<void> {
  await engine.recordLine({
    text,
    ...(links.length > 0 ? { links } : {}),
    ...(subject === undefined ? {} : { subject }),
  });
}
