export interface SimulatedIssue {
  id: string;
  key: string;
  fields: {
    summary: string;
    description: unknown;
    labels: string[];
    project: { key: string };
    issuetype: { name: string };
    priority?: { name: string };
    assignee?: { accountId: string };
    resolution?: { name: string };
  };
  status: string;
  comments: { id: string; body: unknown; properties: { key: string; value: unknown }[]; created: string }[];
  links: { id: number; globalId?: string; object: { url: string; title: string } }[];
  createdAt: number;
  properties: { key: string; value: unknown }[];
}

export interface SimulatedTransition {
  id: string;
  name: string;
  to: { name: string; statusCategory: { key: string } };
  fields: Record<
    string,
    { required: boolean; hasDefaultValue: boolean; allowedValues?: { id: string; name: string }[] }
  >;
}

export interface JiraWorld {
  projects: { key: string; name: string; types: string[] }[];
  people: {
    accountId: string;
    displayName: string;
    emailAddress?: string;
    active: boolean;
    accountType: string;
  }[];
  issues: SimulatedIssue[];
  /** Fields that the create screen lacks or that this account may not set, with Jira's reason: an issue with one is refused. */
  refusedFields: Record<string, string>;
  /** Fields that a new issue must have, with Jira's reason where one is missing. */
  demandedFields: Record<string, string>;
  /** How people know these fields; by their ids where left out. */
  fieldNames?: Record<string, string>;
  /** The transitions of every issue, where they are not the simple ones: as Jira answers them. */
  transitions?: SimulatedTransition[];
  /** For how long the search does not know a new issue. */
  searchLagMilliseconds: number;
  nextId: number;
  /** Where changes of issues are told. Left out: nowhere. */
  webhook?: { url: string; secret: string };
  /** The permissions that Baton's account lacks: `CREATE_ISSUES`. */
  denied?: string[];
}

export const statuses = [
  { name: 'To Do', category: 'new' },
  { name: 'In Progress', category: 'indeterminate' },
  { name: 'Done', category: 'done' },
];

export const categoryOf = (status: string) => statuses.find(({ name }) => name === status)?.category ?? 'new';
