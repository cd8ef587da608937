/** Takes out what only a person needs: trailing blanks, and more than one empty line. */
export const description = "No trailing blanks, and never two empty lines";

export default async (content: string) => ({
  content: content.replace(/[ \t]+$/gm, "").replace(/\n{3,}/g, "\n\n"),
});
