/** PagerDuty's error envelope. */
export class RestError extends Error {
  readonly status: number;
  readonly code: number;
  readonly errors: string[];

  constructor(status: number, code: number, message: string, errors: string[] = []) {
    super(message);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }
}
