import { relative } from 'node:path';
import type { AnyProvider } from '../activities/provider.ts';
import type { Output } from '../cli/output.ts';
import type { TemporalHere } from './own-temporal.ts';
import type { Settings } from './settings.ts';

/** What a start says once it is ready. */
export function banner(
  output: Output,
  {
    settings,
    providers,
    here,
    temporal,
    began,
    adminToken,
    link,
  }: {
    settings: Settings;
    providers: readonly AnyProvider[];
    here: string;
    temporal: TemporalHere;
    began: number;
    adminToken: string | undefined;
    link: string | undefined;
  },
): void {
  const seconds = Math.max(1, Math.round((Date.now() - began) / 1000));
  const folder = relative('', settings.dataDir) || '.';
  const shownFolder = folder.startsWith('..') ? settings.dataDir : `./${folder}`;
  output.line(`Baton  ${temporal.words.padEnd(58)} ${String(seconds).padStart(3)} s`);
  const web = temporal.uiUrl === undefined ? '' : `       Temporal ${temporal.uiUrl}`;
  const address = settings.publicUrl === undefined ? here : `${settings.publicUrl} (here ${here})`;
  output.line(`Baton  ${address}${web}`);
  if (link !== undefined) {
    output.line(`       Console ${link}`);
    output.line('       The link signs you in once, within 15 minutes. Another one: npx baton sign-in');
  }
  const simulated = providers.flatMap(({ name, title }) =>
    settings.simulated.includes(name) ? [title] : [],
  );
  if (simulated.length > 0)
    output.line(
      `       SIMULATED: ${simulated.join(', ')}.${settings.connectedBy.length === 0 ? ' Nothing real is touched.' : ''}`,
    );
  else
    output.line(
      `       Nothing is simulated, since ${settings.connectedBy[0] ?? 'BATON_SIMULATE'} is set (BATON_SIMULATE=all does).`,
    );
  output.line(`       Data and log in ${shownFolder}. Ctrl-C stops; npm start goes on where it stopped.`);
  if (adminToken !== undefined)
    output.line(
      `       Admin: curl -H "Authorization: Bearer $(cat '${relative('', adminToken)}')" ${here}/api/v1/me`,
    );
}
