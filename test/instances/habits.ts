/** Servers of every habit, in a line of shell each: quick to start, so that there can be thousands of them. Each answers whatever it is asked. */
const answers = `while read -r line; do echo '{"jsonrpc":"2.0","id":1,"result":{}}'; done`;
const quiet = "</dev/null >/dev/null 2>&1";

export type Habit = keyof typeof habits;

export const habits = {
  "ends with its input": answers,
  "goes on without input": `${answers}; exec sleep 600`,
  "minds no signal": `trap '' TERM; ${answers}; while :; do sleep 600; done`,
  "ends at once": "exit 3",
  "has children": `sleep 600 & sleep 600 & ${answers}`,
  "has a child in a session of its own": `setsid sleep 600 & ${answers}`,
  "has a daemon": `(setsid sh -c 'sleep 600 & exec sleep 600' ${quiet} &); ${answers}`,
  "has a daemon without its environment": `(env -i setsid sh -c 'sleep 600 & exec sleep 600' ${quiet} &); ${answers}`,
  "leaves a daemon behind at once": `(setsid sh -c 'sleep 600 & exec sleep 600' ${quiet} &)`,
  "leaves orphans that end": `(sh -c 'sleep 0.05' ${quiet} &); ${answers}`,
} as const;

export const serverOf = (habit: Habit): string[] => ["sh", "-c", habits[habit]];

/** Whether it ends before it is asked anything. */
export const isBrief = (habit: Habit): boolean => !habits[habit].includes(answers);
