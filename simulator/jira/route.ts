import type { Request } from 'express';

// biome-ignore lint/suspicious/noExplicitAny: bodies are what the test or the SDK sent; the routes check what they use.
export type Body = Record<string, any>;
export type Route = (request: Request, body: Body) => { status?: number; body?: unknown };

/** Jira's no: with a message about the whole, and reasons about fields. */
export class JiraError extends Error {
  readonly status: number;
  readonly errors: Record<string, string>;

  constructor(status: number, message: string, errors: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.errors = errors;
  }
}
