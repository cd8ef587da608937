/** What a resource may be called: letters, digits and dashes, as in a host name. At most 63 characters. */
export const namePattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$";

const nameExpression = new RegExp(namePattern);
export const isName = (text: string): boolean => nameExpression.test(text);

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** UUIDv7: sorts by time of making. Rights and tokens bind to these, never to names. */
export const newId = (): string => Bun.randomUUIDv7();

export const isId = (text: string): boolean => uuidPattern.test(text);
