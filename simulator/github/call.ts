import type { Request } from 'express';
import type { SimulatedRepository } from '../github.ts';

export class GitHubError extends Error {
  readonly status: number;
  readonly errors: object[];

  constructor(status: number, message: string, errors: object[] = []) {
    super(message);
    this.status = status;
    this.errors = errors;
  }
}

export const invalid = (error: object) => new GitHubError(422, 'Validation Failed', [error]);

export type Method = 'get' | 'post' | 'patch' | 'delete';
// biome-ignore lint/suspicious/noExplicitAny: bodies are what the test or an activity sent; the routes check what they use.
export type Body = Record<string, any>;
export interface Call {
  repository: SimulatedRepository;
  request: Request;
  body: Body;
}
export interface Reply {
  status?: number;
  body?: unknown;
  /** A list, of which a page is answered. */
  list?: readonly object[];
}
