/** What the name of a status, a transition or a resolution tells about the work, what says most plainly that it was done first. */
export const meanings = { done: 0, resolved: 1, closed: 2, other: 3, givenUp: 4 };

/** The words of a name, in small letters without accents. `ue` for `ü` and the like are one, and so are "won't" and "wont". */
const wordsIn = (name: string): string[] =>
  name
    .replace(/n['’ʼ`´]t/giu, 'nt')
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/([aou])e/g, '$1')
    .split(/[^\p{L}\p{N}]/u)
    .filter((word) => word !== '');

/** In English, German, French, Spanish, Portuguese and Italian. A name in another language tells nothing here. */
const not = wordsIn(`
  no not non none never nothing without unable cannot cant wont dont didnt later false
  nicht nichts kein keine keinen keiner ohne falsch
  pas sans aucun aucune faux
  sin ningún ninguna falso falsa
  não nao sem nenhum nenhuma
  senza nessun nessuna`);
const givenUp = wordsIn(`
  abandon abort archiv cancel cancell cancellation declin defer deferr delet deni deny discard discontinu dismiss drop
  dupe duplicat expir fail halt ignor inactiv incomplet interrupt invalid invalidat irrelevant junk kill lapsed
  obsolet outdat parked paused postpon redundant refus reject remov retired revert revok skipped spam stale stopped
  supersed suspend terminate timeout trash unneeded unplanned unresolv unwanted void withdraw withdrew wontdo wontfix
  abbrech abbruch abgebrochen abgelaufen abgelehnt ablehn annullier archivier aufgegeben aufgehoben aufgeschoben
  ausgesetzt doppelt duplikat eingestellt entfallen entfällt fehlalarm fehlgeschlagen gelöscht gescheitert gestrichen
  hinfällig ignorier pausiert stornier storno ungültig unterbrochen unvollständig veraltet verfallen verschoben
  vertagt verwerf verworfen widerrufen zurückgestellt zurückgewiesen zurückgezogen
  abandonn annul annulation différé doublon dupliqu écarté échec échou interromp périmé rejeté rejeter supprim
  anul aplaz caduc deneg descontinuad desech desestim descart duplicad eliminad fallad fallid fallo interrump pospuest
  rechaz retirad vencid
  adiad arquiv excluíd falh interromp negad recus rejeit suspens
  abbandon annull archivi eliminat fallit rifiut rimandat respint scadut scart`);
const done = wordsIn(`
  complet completed delivered deployed done finish finished fixed implemented mitigated recovered released remediated restored
  shipped successful verified
  abgeschlossen ausgeliefert beendet behoben erledig fertig fertiggestellt freigegeben umgesetzt verifiziert veröffentlicht
  achevé complété corrigé déployé fait finalisé fini livré réalisé réglé terminé traité vérifié
  completad corregid desplegad finalizad hecho hecha liberad realizad terminad verificad
  atendid concluíd corrigid entregue feito feita implantad
  completat conclus corrett fatto fatta finit terminat verificat`);
const resolved = wordsIn('resolv resolved solved gelöst résolu resuelt solucionad resolvid risolt');
const closed = wordsIn('clos geschlossen fermé clôturé cerrad fechad encerrad chius');
/** "Ready to be released" is not. */
const notYet = wordsIn(`
  almost awaiting be half partial partially partly pending ready reopen reopened waiting
  bereit teilweise wartet wartend
  attente partiellement presque
  pendiente pendente parcial parcialmente`);
const phrases =
  /\b(as designed|by design|as intended|back out|backed out|gave up|give up|given up|out of date|out of scope|rolled back|timed out)\b/;

/** Whether a word is one of these with an ending of at most so many letters: a closing is not yet a close. */
const isAmong = (stems: readonly string[], ending: number) => (word: string) =>
  stems.some((stem) => word.startsWith(stem) && word.length - stem.length <= ending);
const isGivenUp = isAmong(givenUp, 3);
const [isDone, isResolved, isClosed] = [isAmong(done, 2), isAmong(resolved, 2), isAmong(closed, 2)];
const isOver = (word: string) => isDone(word) || isResolved(word) || isClosed(word);
const isUndone = (word: string) => /^(un|in)/.test(word) && isOver(word.slice(2));

/** Of the meanings above. */
export function meaningOf(name: string): number {
  const words = wordsIn(name);
  const isNo = (word: string) => not.includes(word) || isGivenUp(word) || isUndone(word);
  if (words.some(isNo) || phrases.test(words.join(' '))) return meanings.givenUp;
  if (words.some((word) => notYet.includes(word))) return meanings.other;
  if (words.some(isDone)) return meanings.done;
  if (words.some(isResolved)) return meanings.resolved;
  return words.some(isClosed) ? meanings.closed : meanings.other;
}
