/** What the API's document is called: by it a Baton is told from any other program. */
export const apiTitle = 'Baton';
