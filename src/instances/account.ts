/** Whom a process runs as. */
export type Account = { name: string; uid: number; gid: number; groups: readonly number[]; home?: string };

/**
 * The account of `NAME`, `UID` or `UID:GID`, out of the texts of /etc/passwd and /etc/group. A number needs no line there; a name that has none is
 * undefined.
 */
export function accountOf(user: string, passwd: string, group: string): Account | undefined {
  const [wanted = "", wantedGroup] = user.split(":");
  const isNumber = /^\d+$/.test(wanted);
  const [name, , uid, gid, , home] =
    rowsOf(passwd).find((row) => row[isNumber ? 2 : 0] === wanted) ?? (isNumber ? [wanted, "", wanted, wanted] : []);
  if (name === undefined || !isId(uid) || !isId(gid)) return undefined;
  const main = Number(wantedGroup ?? gid);
  const others = rowsOf(group).flatMap(([, , id, members = ""]) =>
    isId(id) && members.split(",").includes(name) ? [Number(id)] : [],
  );
  const groups = wantedGroup === undefined ? [...new Set([main, ...others])] : [main];
  return { name, uid: Number(uid), gid: main, groups, ...(home && { home }) };
}

const rowsOf = (text: string): string[][] => text.split("\n").map((line) => line.trim().split(":"));

/** 4294967295 is the kernel's word for "leave it as it is". */
const isId = (text: string | undefined): text is string => /^\d{1,10}$/.test(text ?? "") && Number(text) < 0xffff_ffff;
