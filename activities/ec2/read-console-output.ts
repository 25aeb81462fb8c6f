import { z } from 'zod';
import { defineActivity } from '../activity.ts';
import { kept } from '../kept-text.ts';
import { lastPart } from '../last-part.ts';
import { throwFailure } from './failures.ts';
import { instanceId } from './input.ts';
import { ec2At, place } from './region.ts';

/** What moves a cursor or colours a line: a console has it, and people read a note. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const controls = /\u001b\[[0-9;?]*[A-Za-z]|[\u0000-\u0008\u000b-\u001f\u007f]/g;

/**
 * The end of what an instance has written to its console, which a reboot or a stop overwrites; where it is more than 32 KiB, all of it is
 * `kept`. The newest where its type tells that, else
 * what EC2 kept of the last start, stop or reboot. That there is nothing yet is an answer: `unavailable`.
 */
export const readEc2ConsoleOutput = defineActivity({
  name: 'readEc2ConsoleOutput',
  kind: 'read',
  provider: 'ec2',
  summary: 'Reads the end of the console output of an instance',
  permissions: ['ec2:GetConsoleOutput'],
  input: z.object({ ...place, instanceId }),
  output: z.object({
    text: z.string(),
    truncated: z.boolean().optional(),
    at: z.string().optional().describe('When EC2 has taken it'),
    unavailable: z.string().optional(),
    kept,
  }),
  example: { instanceId: 'i-0abc12345def67890' },
  async run({ instanceId: InstanceId, ...at }, { ec2, attempt: { signal, keepText } }) {
    const { client, sdk } = await ec2At({ ec2 }, at);
    const read = (Latest: boolean) =>
      client.send(new sdk.GetConsoleOutputCommand({ InstanceId, Latest }), { abortSignal: signal });
    const { Output = '', Timestamp } = await read(true)
      // Only newer types tell the latest.
      .catch((error: Error) => (error.name === 'UnsupportedOperation' ? read(false) : Promise.reject(error)))
      .catch(throwFailure);
    const text = Buffer.from(Output, 'base64').toString('utf8').replaceAll(controls, '').trim();
    if (text === '') return { text: '', unavailable: 'EC2 has no console output of it' };
    const part = lastPart(text);
    const title = `Console output of ${InstanceId}`;
    return {
      ...part,
      ...(Timestamp ? { at: Timestamp.toISOString() } : {}),
      ...(part.truncated ? await keepText({ title, text, keepsEnd: true }) : {}),
    };
  },
});
