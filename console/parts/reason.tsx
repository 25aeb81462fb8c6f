/** A line of text that is kept with what somebody does. `label` says who will read it. */
export const Reason = ({
  label,
  value,
  onWrite,
}: {
  label: string;
  value: string;
  onWrite: (value: string) => void;
}) => (
  <label class="field">
    <span>{label}</span>
    <input
      type="text"
      value={value}
      maxLength={500}
      onInput={(event) => onWrite(event.currentTarget.value)}
    />
  </label>
);
