import { describe, expect, it } from 'vitest';
import { meaningOf, meanings } from '../../../activities/jira/meaning.ts';

const names = (text: string) => text.split(',').map((name) => name.trim());
const read = (texts: readonly string[], meaning: number) =>
  texts.flatMap(names).filter((name) => meaningOf(name) !== meaning);

describe('the name of a status, a transition or a resolution', () => {
  it('tells that the work was given up', () => {
    const given = [
      "Abort, Aborted, Discard, Discarded, Won't do, Won’t Do, Wont Do, WONTFIX, Won't Fix, WontFix, WONT_FIX, Don't fix",
      'Defer, Deferred, Ignore, Ignored, Archive, Archived, Fail, Failed, Failure, No action, No action needed, False positive',
      'Invalid, Duplicate, Closed as duplicate, Stale, Expired, Cancel, Canceled, Cancelled, Cancel request, Cancellation',
      'Rejected, Decline, Denied, Obsolete, Withdrawn, Abandoned, Dismissed, Superseded, Not a bug, Not Done, Cannot Reproduce',
      "Can't fix, Incomplete, Unresolved, Undone, Unfinished, Postponed, Out of scope, Timed out, Works as designed, Closed - No Fix",
      'Skipped, Reverted, Rolled back, Given up, Halted, Stopped, Unsuccessful, Unneeded, Irrelevant, Discontinued, Out of date',
      'Abgelehnt, Verworfen, Abgebrochen, Storniert, Stornieren, Nicht erledigt, Wird nicht behoben, Keine Aktion, Ungültig',
      'Ungueltig, Duplikat, Zurückgestellt, Zurueckgewiesen, Ignoriert, Archiviert, Gelöscht, Unerledigt, Ungelöst, Fehlalarm',
      'Annulé, Annulée, Annuler, Abandonné, Rejeté, Rejetée, Refusé, Non résolu, Échec, Échoué, Expiré, Doublon, Faux positif',
      'Classé sans suite, Ignoré, Archivé, Supprimé, N’est pas un bug',
      'Cancelado, Cancelada, Rechazado, Descartado, Anulado, No resuelto, Duplicado, Inválido, Fallido, Caducado, Archivado',
      'Falso positivo, Sin acción, Aplazado, Rejeitado, Rejeitada, Recusado, Não resolvido, Descartada, Arquivado, Adiado, Falhou',
      'Annullato, Rifiutato, Scartato, Non risolto, Abbandonato, CANCELADO, cancelled , [Rejected]',
    ];
    expect(read(given, meanings.givenUp)).toEqual([]);
  });

  it('tells that the work was done', () => {
    const done = [
      'Done, DONE, Complete, Completed, Finished, Released, Released to production, Deployed, Mitigated, Verified, Fixed, Shipped, Successful',
      'Erledigt, Erledigte, Fertig, Fertiggestellt, Behoben, Abgeschlossen, Umgesetzt, Ausgeliefert',
      'Terminé, Terminée, Fini, Finalisé, Traité, Corrigé, Livré, Hecho, Hecha, Terminado, Finalizado, Completado, Corregido, Verificado',
      'Feito, Concluído, Concluida, Finalizado, Corrigido, Fatto, Completato, Terminato',
    ];
    expect(read(done, meanings.done)).toEqual([]);
    expect(
      read(
        [
          'Resolved, Resolve this issue, Solved, Gelöst, Geloest, Résolu, Résolue, Resuelto, Resolvido, Risolto',
        ],
        1,
      ),
    ).toEqual([]);
    expect(
      read(
        [
          'Closed, Close, Geschlossen, Fermé, Fermée, Clos, Clôturé, Cerrado, Cerrada, Fechado, Encerrado, Chiuso',
        ],
        2,
      ),
    ).toEqual([]);
  });

  it('tells neither', () => {
    const other = [
      'In Progress, To Do, Open, Reopened, Backlog, In Review, Closing, Fixing, Deploying, En cours de résolution, In Bearbeitung',
      'Ready to be released, To be done, Pending closed, Partially resolved, Waiting for fix, Almost done, Bereit zum Schließen',
      'Notify, Noted, North, Node updated, Failover, Failsafe, Nominal, Investigation, Internal, Information, Closure, , ★, 完了',
    ];
    expect(read(other, meanings.other)).toEqual([]);
  });
});
