import './styles/tokens.css';
import './styles/base.css';
import './styles/icon.css';
import './styles/status.css';
import './styles/shown.css';
import './styles/action.css';
import './styles/header.css';
import './styles/table.css';
import './styles/panel.css';
import './styles/incident.css';
import './styles/timeline.css';
import './styles/run.css';
import './styles/approval.css';
import './styles/lanes.css';
import './styles/sign-in.css';
import { effect } from '@preact/signals';
import { render } from 'preact';
import { startLive, stopLive } from './api/live.ts';
import { keepFresh } from './api/query.ts';
import { App } from './app.tsx';
import { listenToKeys } from './keys.ts';
import { followLinks, route } from './navigation.ts';
import { findOutWho, me } from './session.ts';

followLinks();
listenToKeys();
if (route.value.page !== 'sign-in') void findOutWho();

let isLive = false;
effect(() => {
  if (me.value && !isLive) {
    isLive = true;
    startLive();
    keepFresh();
  }
  if (me.value === null && isLive) {
    isLive = false;
    stopLive();
  }
});

const place = document.getElementById('app');
if (place) render(<App />, place);
