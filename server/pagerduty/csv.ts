/** A record of a CSV file, and the line of the file on which it begins. */
export interface CsvRow {
  line: number;
  cells: string[];
  /** Its last cell was opened by a quote that nothing closes. */
  isOpen: boolean;
}

/** The records of a CSV file (RFC 4180): a quoted cell may hold commas, ends of line and doubled quotes. Empty lines are left out. */
export function csvRows(file: string): CsvRow[] {
  const text = file.replace('\uFEFF', '').replaceAll('\r\n', '\n');
  const rows: CsvRow[] = [];
  let row: CsvRow = { line: 1, cells: [], isOpen: false };
  let line = 1;
  for (let place = 0; place < text.length; ) {
    const { value, isOpen, lines, end } = cellAt(text, place);
    row.cells.push(value);
    row.isOpen = isOpen;
    line += lines;
    place = end + 1;
    const isLast = place >= text.length;
    if (text[end] === ',' && !isLast) continue;
    if (text[end] === ',') row.cells.push('');
    if (row.cells.some((cell) => cell !== '')) rows.push(row);
    line += 1;
    row = { line, cells: [], isOpen: false };
  }
  return rows;
}

/** The cell that begins at `start`, up to the comma or the end of line at `end`. */
function cellAt(text: string, start: number) {
  if (text[start] !== '"') {
    const end = endAfter(text, start);
    return { value: text.slice(start, end), end, lines: 0, isOpen: false };
  }
  let close = start + 1;
  while (close < text.length && (text[close] !== '"' || text[close + 1] === '"'))
    close += text[close] === '"' ? 2 : 1;
  const quoted = text.slice(start + 1, close);
  const end = endAfter(text, close + 1);
  return {
    value: quoted.replaceAll('""', '"') + text.slice(close + 1, end),
    end,
    lines: quoted.split('\n').length - 1,
    isOpen: close >= text.length,
  };
}

function endAfter(text: string, start: number): number {
  const ending = /[,\n]/g;
  ending.lastIndex = start;
  return ending.exec(text)?.index ?? text.length;
}
