/**
 * The classes of failure with which a run can end, and of what the watchdog finds. A workflow that throws one of its own adds a line here, so that a policy of pages can
 * name it; a test finds those that are missing.
 */
export const failureClasses = [
  // Of activities: see `activities/failures.ts`.
  'ProviderUnavailable',
  'RateLimited',
  'AnswerUnreadable',
  'ProviderRefused',
  'NotConnected',
  'InvalidInput',
  'Conflict',
  'Held',
  'Busy',
  // Of the worker.
  'NotAuthorized',
  'TriggerLowered',
  'PlanChanged',
  'NeedsApproval',
  'ResultTooLarge',
  'NoRoomForText',
  'StoreUnavailable',
  // Of what runbooks are written with.
  'NotHealthy',
  'NotApproved',
  'ApprovalExpired',
  'QuestionExpired',
  'NotShown',
  'NotVerified',
  'ParkAborted',
  'ParkExpired',
  'DrillFailed',
  // Of Temporal, and of runs that it has lost.
  'TimedOut',
  'Terminated',
  'Lost',
  'Forgotten',
  // Of what the watchdog pages for: runs that are overdue or stand still, and Baton itself.
  'RunOverdue',
  'NonDeterminism',
  'WorkflowTaskFailed',
  'NoWorker',
  'Away',
  'Backlog',
  'Late',
  'Missed',
  'Silent',
  'Disabled',
  'Stopped',
  'GivenUp',
  // Faults in the code.
  'Error',
  'TypeError',
  'RangeError',
] as const;
export type FailureClass = (typeof failureClasses)[number];
