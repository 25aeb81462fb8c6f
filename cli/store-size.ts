import type { Command } from 'commander';
import type { Wiring } from '../processes/wiring.ts';
import { act, withAsk } from './command.ts';
import { printTable } from './table.ts';

/** `baton store size`: how much there is, how much comes in, and how much it will be. */
export function addStoreCommands(program: Command, wiring: Wiring): void {
  act(
    program
      .command('store')
      .description('what Baton keeps in its database')
      .command('size')
      .description('how much Baton keeps, how fast that grows, and how large it will be'),
    wiring,
    async ({ output, json }) => {
      const size = await withAsk(wiring, (ask) => ask('store.size', {}));
      if (json) return output.json(size);
      const { items, days, retentionDays, bytes, expectedBytes, disk } = size;
      const head = ['', 'ROWS', 'SIZE', 'ROWS A DAY', 'SIZE A DAY', `AFTER ${retentionDays} DAYS`];
      const rows = items.map((each) => [
        each.kind,
        rounded(each.rows),
        inUnits(each.bytes),
        rounded(each.rowsPerDay),
        inUnits(each.bytesPerDay),
        inUnits(each.expectedBytes),
      ]);
      const all = ['all of the database', '', inUnits(bytes), '', '', inUnits(expectedBytes)];
      printTable(head, [...rows, all], output);
      if (disk) output.line(`free on the disk: ${inUnits(disk.freeBytes)} of ${inUnits(disk.bytes)}`);
      output.note(
        `By the pace of the last ${days < 1 ? `${Math.round(days * 24)} hours` : `${rounded(days)} days`}, kept for BATON_RETENTION_DAYS=${retentionDays}.`,
      );
      if (disk && !disk.isEnough) output.note('That is more than is free: make room, or keep less.');
    },
  );
}

const rounded = (count: number) => String(Math.round(count));

const units = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** `1.5 GB`, in powers of 1000. */
function inUnits(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
