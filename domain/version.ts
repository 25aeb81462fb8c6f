/** The version of Baton, as its package says. */
export const batonVersion = '0.1.0';
