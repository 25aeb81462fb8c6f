import { setCurrentDetails } from '@temporalio/workflow';
import { waitInWords } from '../../domain/wait-in-words.ts';

/** Says for what the run waits from now on, and until when, to whoever looks at it. It leaves no trace in the history. */
export const waitsFor = (what: string, until?: number): void => setCurrentDetails(waitInWords(what, until));

/** It waits no more. */
export const waitsNoMore = (): void => setCurrentDetails('');
