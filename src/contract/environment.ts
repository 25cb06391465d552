/** Environment variables as a program is given them; an unset one is `undefined`. */
export type Environment = Readonly<Record<string, string | undefined>>;
