export const jsonBody = (text: string): string => text;
