/**
 * Checks an exported record without Baton: lines of JSON on stdin, first one for each checkpoint of what was pruned, then one for each
 * line of the record, both in their order. With an argument `<seq>:<hash>` it also looks for that head. Ends with 1 at the first line
 * that is not what was linked.
 */
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';

const [headSeq, headHash] = (process.argv[2] ?? '').split(':');
let seq = 0;
let pruned = 0;
let previous = '0'.repeat(64);
let found = headSeq === '0' && headHash === previous;

function fail(what) {
  console.error(what);
  process.exit(1);
}

for await (const text of createInterface({ input: process.stdin })) {
  const line = JSON.parse(text);
  if ('first_seq' in line) {
    const isNext = line.first_seq === seq + 1 && line.lines === line.last_seq - seq && seq === pruned;
    if (!isNext) fail(`the checkpoint after line ${seq} is missing or altered`);
    seq = line.last_seq;
    pruned = seq;
    previous = line.last_hash;
  } else {
    const { at, actor, via, action, subject, detail } = line;
    const fields = [String(line.seq), at, actor, via, action, subject, detail, line.previous];
    const bytes = fields.map((field) => `${Buffer.byteLength(field)}:${field}`).join('');
    const hash = createHash('sha256').update(bytes).digest('hex');
    seq += 1;
    if (line.seq !== seq || line.previous !== previous || line.hash !== hash)
      fail(`line ${seq} is missing, moved or altered`);
    previous = hash;
  }
  if (headSeq === String(seq)) found = headHash === previous;
}
console.log(`${seq - pruned} lines, head ${previous}${pruned > 0 ? `, ${pruned} earlier lines pruned` : ''}`);
if (headSeq && !found) fail(`the head ${headSeq}:${headHash} is not among them`);
