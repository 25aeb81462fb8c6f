import { DefaultFailureConverter } from '@temporalio/common';

/**
 * Where payloads are encrypted, messages and stacks of failures are payloads, too. Temporal then shows "Encoded failure"; the class of a
 * failure stays. Under the name by which the SDK looks for it, in the worker and in the workflows' bundle.
 */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
