/** What went wrong with a request, as the server says it. */
export class Problem extends Error {
  /** 0: there was no answer. */
  readonly status: number;
  readonly title: string;
  readonly requestId: string | undefined;

  constructor(status: number, title: string, detail: string, requestId?: string) {
    super(detail);
    this.status = status;
    this.title = title;
    this.requestId = requestId;
  }
}

/** What was thrown, as a problem: what is none was a fault here. */
export const problemOf = (error: unknown): Problem =>
  error instanceof Problem ? error : new Problem(0, 'Fault of the console', String(error));

/** What is done when a request is answered by 401. */
export const signedOut: { tell: () => void } = { tell: () => {} };

/** Asks the server. Anything but a success is thrown as a `Problem`. */
export async function request<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(path, {
    method,
    headers: {
      accept: 'application/json',
      ...(method === 'GET' ? {} : { 'content-type': 'application/json', 'idempotency-key': newKey() }),
    },
    ...(method === 'GET' ? {} : { body: JSON.stringify(body ?? {}) }),
  }).catch(() => {
    throw new Problem(
      0,
      'No answer',
      method === 'GET'
        ? 'Baton cannot be reached. It is tried again as soon as it is back.'
        : 'Baton cannot be reached, so it is not known whether this was done. See once it is back, and else do it again.',
    );
  });
  const text = await response.text().catch(() => '');
  const answer = jsonIn(text) as Record<string, unknown> | undefined;
  if (response.ok) return answer as Answer;
  if (response.status === 401) signedOut.tell();
  throw new Problem(
    response.status,
    String(answer?.title ?? response.statusText),
    String(answer?.detail ?? `The server answered ${response.status}.`),
    typeof answer?.requestId === 'string' ? answer.requestId : undefined,
  );
}

export const read = <Answer>(path: string) => request<Answer>('GET', `/api/v1${path}`);
export const change = <Answer>(path: string, body?: unknown) =>
  request<Answer>('POST', `/api/v1${path}`, body);

/** Two sendings of one click are one change. */
const newKey = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  );

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
