import { isHelpOpen, places } from '../keys.ts';
import { Dialog } from './dialog.tsx';

const others: readonly [string, string][] = [
  ['/', 'Find'],
  ['j k', 'Next row, row before'],
  ['Enter', 'Open the row'],
  ['f', 'Filter of the timeline'],
  ['a', 'Acknowledge (asks first)'],
  ['d', 'Decide: to what needs you'],
  ['z', 'Times in UTC or local'],
  ['Esc', 'Close'],
  ['?', 'These keys'],
];

export function KeyHelp() {
  if (!isHelpOpen.value) return null;
  return (
    <Dialog
      title="Keys"
      onClose={() => {
        isHelpOpen.value = false;
      }}
    >
      <dl class="keys">
        {others.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
        {Object.entries(places).map(([key, [, name]]) => (
          <div key={key}>
            <dt>
              <kbd>g</kbd> <kbd>{key}</kbd>
            </dt>
            <dd>{name}</dd>
          </div>
        ))}
      </dl>
      <p class="soft small">No key changes anything. They can be switched off in the menu.</p>
    </Dialog>
  );
}
