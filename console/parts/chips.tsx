/** One of some values. */
export function Chips<Value extends string>({
  label,
  value,
  options,
  onChoose,
}: {
  label: string;
  value: string;
  options: readonly (readonly [Value, string, (number | undefined)?])[];
  onChoose: (value: Value) => void;
}) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would draw a box and a legend.
    <div class="chips" role="group" aria-label={label}>
      {options.map(([name, word, count]) => (
        <button
          key={name}
          type="button"
          class="button"
          aria-pressed={value === name}
          onClick={() => onChoose(name)}
        >
          {word}
          {count !== undefined && <b>{count.toLocaleString('en')}</b>}
        </button>
      ))}
    </div>
  );
}
