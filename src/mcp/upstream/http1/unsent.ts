/** Nothing of the request was written: nobody can have got it. */
export class Unsent extends Error {}
