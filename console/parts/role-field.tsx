import { roles } from '../api/shapes.ts';

/** Which role somebody or something is to have. */
export function RoleField({ role, onChoose }: { role: string; onChoose: (role: string) => void }) {
  return (
    <label class="field">
      <span>Role</span>
      <select value={role} onChange={(event) => onChoose(event.currentTarget.value)}>
        {roles.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
    </label>
  );
}
