import { describe, expect, it } from 'vitest';
import type { ApprovalEvent } from '../../domain/approval.ts';
import type { Event } from '../../domain/event.ts';
import { approvalMessage } from '../../triggers/approval-message.ts';

const data: ApprovalEvent = {
  approvalId: 'b4s9kq2m7',
  runId: 'ec2-unhealthy/PGR0VU2',
  workflow: 'ec2UnhealthyRestart',
  state: 'pending',
  summary: 'Reboots i-0abc12345def67890',
};

describe('the approval-message trigger', () => {
  it('shows an approval anew for each reminder', () => {
    const reminded = (reminder: number): Event<'approval.waiting'> => ({
      id: `approval.waiting/b4s9kq2m7/${reminder}`,
      source: '/baton',
      type: 'approval.waiting',
      subject: 'PGR0VU2',
      time: '2026-11-21T09:15:00.000Z',
      data,
    });
    expect([1, 2].map((reminder) => approvalMessage.respond(reminded(reminder)))).toEqual(
      [1, 2].map((reminder) => ({
        start: 'showApproval',
        id: `approval-message/approval.waiting/b4s9kq2m7/${reminder}`,
        input: { approvalId: 'b4s9kq2m7' },
      })),
    );
  });
});
