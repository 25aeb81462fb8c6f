import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const localSignature = 0x04034b50;
const endLength = 22;
const longestComment = 0xffff;

interface Entry {
  method: number;
  packedSize: number;
  size: number;
  offset: number;
}

/**
 * Writes one member of a zip file to `target` (which must not exist), with its mode. Knows what a Python wheel needs:
 * stored or deflated members, no encryption, no zip64. The caller has checked the file's hash, so its checksums are not
 * looked at. Format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
export async function extractMember(
  zip: string,
  member: string,
  target: string,
  mode: number,
): Promise<void> {
  const { entry, start } = await locate(zip, member);
  const isEmpty = entry.packedSize === 0;
  const source = isEmpty
    ? Readable.from([])
    : createReadStream(zip, { start, end: start + entry.packedSize - 1 });
  const output = createWriteStream(target, { flags: 'wx', mode, flush: true });
  if (entry.method === 0) await pipeline(source, output);
  else if (entry.method === 8) await pipeline(source, createInflateRaw(), output);
  else throw new Error(`${member} is packed by method ${entry.method}, which is not known here`);
  if (output.bytesWritten !== entry.size)
    throw new Error(`${member} has ${output.bytesWritten} bytes instead of ${entry.size}`);
}

async function locate(zip: string, member: string): Promise<{ entry: Entry; start: number }> {
  const file = await open(zip);
  try {
    const entry = findEntry(await readDirectory(file), member);
    const header = await read(file, entry.offset, 30);
    if (header.readUInt32LE(0) !== localSignature) throw new Error(`${zip} is damaged at ${member}`);
    // Name and extra field may differ in length from those in the directory.
    const start = entry.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
    return { entry, start };
  } finally {
    await file.close();
  }
}

/** The directory stands at the end, before a comment of unknown length. */
async function readDirectory(file: FileHandle): Promise<Buffer> {
  const { size } = await file.stat();
  const from = Math.max(0, size - endLength - longestComment);
  const tail = await read(file, from, size - from);
  for (let at = tail.length - endLength; at >= 0; at -= 1)
    if (tail.readUInt32LE(at) === endSignature)
      return read(file, tail.readUInt32LE(at + 16), tail.readUInt32LE(at + 12));
  throw new Error('This is not a zip file');
}

function findEntry(directory: Buffer, member: string): Entry {
  for (let at = 0; at + 46 <= directory.length && directory.readUInt32LE(at) === entrySignature; ) {
    const nameLength = directory.readUInt16LE(at + 28);
    const name = directory.toString('utf8', at + 46, at + 46 + nameLength);
    if (name === member)
      return {
        method: directory.readUInt16LE(at + 10),
        packedSize: directory.readUInt32LE(at + 20),
        size: directory.readUInt32LE(at + 24),
        offset: directory.readUInt32LE(at + 42),
      };
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  throw new Error(`The zip file has no member ${member}`);
}

async function read(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  if (bytesRead !== length) throw new Error('The zip file ends too early');
  return buffer;
}
