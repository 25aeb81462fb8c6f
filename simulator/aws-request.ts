import type { Request } from 'express';

/** By what a request is signed: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
export interface Signature {
  accessKeyId: string;
  region: string;
  service: string;
  /** Of temporary keys. */
  token: string | undefined;
}

export function signatureOf({ headers }: Request): Signature | undefined {
  const scope = /Credential=([^/]+)\/\d+\/([^/]+)\/([^/]+)\/aws4_request/.exec(headers.authorization ?? '');
  const [, accessKeyId, region, service] = scope ?? [];
  if (!accessKeyId || !region || !service) return undefined;
  const token = headers['x-amz-security-token'];
  return { accessKeyId, region, service, token: typeof token === 'string' ? token : undefined };
}

/** What AWS refuses, by its own code. */
export class AwsError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const escapeXml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
