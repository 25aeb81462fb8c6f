import { type KeptText, wholeKept } from '../../domain/kept-text.ts';
import { record } from './record.ts';
import { engine } from './run.ts';

/**
 * Keeps a text that is too long for the run, as what a loop has gathered, and says so on the timeline. The run's history gets only what this
 * answers: the digest, the size, and where the text is read. Secrets in it are masked, and what is longer than 4 MB is cut.
 */
export async function keepText(title: string, text: string): Promise<KeptText> {
  const kept = await engine.keepText({ title, text });
  await record(`${kept.title}. ${wholeKept(kept)}`);
  return kept;
}
