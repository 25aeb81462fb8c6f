/**
 * Checks an exported record without Baton: lines of JSON on stdin, one for each line of the record, in the order of `seq`.
 * Ends with 1 at the first line that is not what was linked.
 */
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';

let seq = 0;
let previous = '0'.repeat(64);
for await (const text of createInterface({ input: process.stdin })) {
  const line = JSON.parse(text);
  const { at, actor, via, action, subject, detail } = line;
  const fields = [String(line.seq), at, actor, via, action, subject, detail, line.previous];
  const bytes = fields.map((field) => `${Buffer.byteLength(field)}:${field}`).join('');
  const hash = createHash('sha256').update(bytes).digest('hex');
  seq += 1;
  if (line.seq !== seq || line.previous !== previous || line.hash !== hash) {
    console.error(`line ${seq} is missing, moved or altered`);
    process.exit(1);
  }
  previous = hash;
}
console.log(`${seq} lines, head ${previous}`);
