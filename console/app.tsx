import { useEffect, useRef } from 'preact/hooks';
import { pageCount, route } from './navigation.ts';
import { ApprovalsPage } from './pages/approvals.tsx';
import { ChangesPage } from './pages/changes.tsx';
import { ConnectionsPage } from './pages/connections.tsx';
import { EventPage, EventsPage } from './pages/events.tsx';
import { IncidentPage } from './pages/incident.tsx';
import { IncidentsPage } from './pages/incidents.tsx';
import { NowherePage } from './pages/nowhere.tsx';
import { NumbersPage } from './pages/numbers.tsx';
import { PeoplePage } from './pages/people.tsx';
import { RecordPage } from './pages/record.tsx';
import { RunPage } from './pages/run.tsx';
import { RunsPage } from './pages/runs.tsx';
import { SignInPage } from './pages/sign-in.tsx';
import { SimulatorPage } from './pages/simulator.tsx';
import { TriggerPage } from './pages/trigger.tsx';
import { TriggersPage } from './pages/triggers.tsx';
import { Bars } from './parts/bars.tsx';
import { Header, Outdated, useWaitingCount } from './parts/header.tsx';
import { KeyHelp } from './parts/key-help.tsx';
import { me, meProblem } from './session.ts';
import { pageTitle } from './title.ts';

export function App() {
  if (me.value === null || route.value.page === 'sign-in') return <SignInPage />;
  if (me.value === undefined) return <p class="starting">{meProblem.value ?? ''}</p>;
  return <Signed />;
}

function Signed() {
  const waiting = useWaitingCount();
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    document.title = `${waiting ? `(${waiting}) ` : ''}${pageTitle.value} · Baton`;
  }, [waiting, pageTitle.value]);
  const isFirst = useRef(true);
  useEffect(() => {
    // Whoever hears the page is told that it is another one.
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [pageCount.value]);
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Header />
      <section class="bars" aria-label="Notices">
        <Outdated />
        <Bars />
      </section>
      <main id="main" ref={main} tabIndex={-1} key={pageCount.value}>
        <Page />
      </main>
      <div id="announcements" class="hidden-text" role="status" aria-live="polite" />
      <KeyHelp />
    </>
  );
}

function Page() {
  const { page, id = '' } = route.value;
  switch (page) {
    case 'incidents':
      return <IncidentsPage />;
    case 'incident':
      return <IncidentPage id={id} key={id} />;
    case 'runs':
      return <RunsPage />;
    case 'run':
      return <RunPage id={id} key={id} />;
    case 'approvals':
      return <ApprovalsPage id={id} />;
    case 'triggers':
      return <TriggersPage />;
    case 'trigger':
      return <TriggerPage name={id} key={id} />;
    case 'events':
      return <EventsPage />;
    case 'event':
      return <EventPage id={id} key={id} />;
    case 'connections':
      return <ConnectionsPage id={id} />;
    case 'record':
      return <RecordPage />;
    case 'changes':
      return <ChangesPage />;
    case 'numbers':
      return <NumbersPage />;
    case 'people':
      return <PeoplePage />;
    case 'simulator':
      return <SimulatorPage />;
    default:
      return <NowherePage />;
  }
}
