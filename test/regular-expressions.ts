/** A regular expression as it stands in a source file. */
export interface Written {
  file: string;
  source: string;
  flags: string;
}

/** After these a slash begins an expression; after a name, a number or a closing bracket it divides. */
const before = /(?:^|[=(,:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|of|in|void|await))\s*$/;

/** The expressions in TypeScript code, apart from what stands in comments, texts and templates (their insertions are code). */
export function expressionsIn(file: string, code: string): Written[] {
  const found: Written[] = [];
  const insertions: number[] = [];
  let depth = 0;
  let seen = '';
  let at = 0;
  const skip = (end: RegExp) => {
    end.lastIndex = at;
    at = end.exec(code) ? end.lastIndex : code.length;
  };
  const template = () => {
    skip(/(?:[^\\`$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/y);
    if (code[at - 1] === '{') insertions.push(depth++);
    else seen += 'text)';
  };
  while (at < code.length) {
    const rest = code.slice(at, at + 2);
    const char = rest[0] ?? '';
    if (rest === '//') skip(/.*/y);
    else if (rest === '/*') skip(/\/\*[\s\S]*?\*\//y);
    else if (char === "'" || char === '"') {
      skip(char === "'" ? /'(?:[^'\\]|\\[\s\S])*'/y : /"(?:[^"\\]|\\[\s\S])*"/y);
      seen = `${seen}text)`.slice(-40);
    } else if (char === '`') {
      at += 1;
      template();
    } else if (char === '/' && before.test(seen)) {
      const literal = /\/((?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)\/([a-z]*)/y;
      literal.lastIndex = at;
      const [whole = '/', source = '', flags = ''] = literal.exec(code) ?? [];
      if (source) found.push({ file, source, flags });
      at += whole.length;
      seen = 'expression)';
    } else {
      if (char === '{') depth += 1;
      if (char === '}') depth -= 1;
      at += 1;
      if (char === '}' && insertions.at(-1) === depth) {
        insertions.pop();
        template();
      } else seen = `${seen}${char}`.slice(-40);
    }
  }
  return found;
}

/** What a class in an expression stands for: one of each. */
const classes: Record<string, string> = {
  s: ' \t\n',
  w: 'a0_',
  d: '1',
  b: '',
  S: 'a!',
  W: ' -',
  D: 'a',
  p: 'a\u0001',
  n: '\n',
};

/** Texts that an expression may take long for: what it looks for again and again, and not what it wants at the end. */
export function hostileTexts({ source }: Pick<Written, 'source'>, length: number): string[] {
  const words = source.split(/\\?[^\w\s<>@:/.=-]+/).filter((word) => word.length > 1 && word.length < 30);
  const chars = [...source.replace(/\\(.)/g, (_, char: string) => classes[char] ?? char)].filter(
    (char) => !/[()[\]{}|^$?*+\\]/.test(char),
  );
  const singles = [...new Set([...chars, 'a', ' ', '-', '\n', '.', '<', '/'])];
  const pairs = singles.slice(0, 8).flatMap((one) => singles.slice(0, 8).map((other) => one + other));
  const pumps = [...new Set([...singles, ...pairs, ...words, ...words.map((word) => `${word} `)])];
  return pumps.flatMap((pump) => {
    const text = pump.repeat(Math.ceil(length / pump.length));
    return ['', ...words.slice(0, 3)].flatMap((head) => [`${head}${text}\u0000`, `${head}${text}`]);
  });
}
