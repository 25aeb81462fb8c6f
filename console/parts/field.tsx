import { useId } from 'preact/hooks';
import type { Field, Typed } from '../form.ts';
import { visible } from '../text.ts';

/** All fields of a form. `problems`: by their names, said where something is written. */
export const Fields = ({
  fields,
  typed,
  problems = {},
  onType,
}: {
  fields: readonly Field[];
  typed: Typed;
  problems?: Readonly<Record<string, string>>;
  onType: (typed: Typed) => void;
}) => {
  // Where nothing is needed, it is not said of each.
  const isMixed = fields.some(({ required }) => required);
  return (
    <>
      {fields.map((field) => (
        <OneField
          key={field.name}
          field={field}
          value={typed[field.name]}
          problem={problems[field.name]}
          isLeaving={field.required ? false : isMixed}
          onType={(value) => onType({ ...typed, [field.name]: value })}
        />
      ))}
    </>
  );
};

function OneField({
  field,
  value,
  problem,
  isLeaving,
  onType,
}: {
  field: Field;
  value: string | boolean | undefined;
  problem: string | undefined;
  /** To be said: it may be left out. */
  isLeaving: boolean;
  onType: (value: string | boolean) => void;
}) {
  const { name, label = name, type, description } = field;
  const id = useId();
  const words = (
    <>
      {visible(label)}
      <span class="about-field">
        {description && `: ${visible(description)}`}
        {isLeaving && ' (may be left out)'}
      </span>
    </>
  );
  if (type === 'boolean')
    return (
      <label class="cluster">
        <input
          type="checkbox"
          checked={value === true}
          onChange={(event) => onType(event.currentTarget.checked)}
        />
        <span>{words}</span>
      </label>
    );
  const text = typeof value === 'string' ? value : '';
  const wrong = text.trim() === '' ? undefined : problem;
  return (
    <div class="field">
      <label for={id}>{words}</label>
      <Written field={field} id={id} text={text} wrong={wrong} onType={onType} />
      {wrong && (
        <p class="wrong" id={`${id}-wrong`}>
          It {wrong}.
        </p>
      )}
    </div>
  );
}

function Written({
  field: { type, choices = [], required, hint },
  id,
  text,
  wrong,
  onType,
}: {
  field: Field;
  id: string;
  text: string;
  wrong: string | undefined;
  onType: (value: string) => void;
}) {
  const common = {
    id,
    value: text,
    'aria-required': required,
    'aria-invalid': wrong !== undefined,
    'aria-describedby': wrong === undefined ? undefined : `${id}-wrong`,
  };
  const onInput = (event: { currentTarget: { value: string } }) => onType(event.currentTarget.value);
  switch (type) {
    case 'choice':
      return (
        <select {...common} onChange={onInput}>
          <option value="">–</option>
          {choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      );
    case 'longText':
    case 'json':
      return <textarea {...common} spellcheck={type === 'longText'} onInput={onInput} />;
    case 'secret':
      return (
        <input
          {...common}
          type="password"
          autocomplete="new-password"
          spellcheck={false}
          placeholder={hint}
          onInput={onInput}
          onPaste={(event) => {
            // A field of one line would join what is pasted into it: a key or a kubeconfig has several.
            const pasted = event.clipboardData?.getData('text') ?? '';
            if (!pasted.trim().includes('\n')) return;
            event.preventDefault();
            onType(pasted.trim());
          }}
        />
      );
    default:
      return (
        <input
          {...common}
          type="text"
          autocomplete="off"
          spellcheck={false}
          placeholder={hint}
          inputMode={type === 'text' ? 'text' : 'decimal'}
          onInput={onInput}
        />
      );
  }
}
