import type { PeerName } from "../peers.ts";
import type { Aim, Row } from "../results.ts";

export type Settings = { rounds: number; quick: boolean; scenario: string; peers: readonly PeerName[] };

/** Whether a scenario is one that was asked for. */
export const isAsked = ({ scenario }: Settings, what: string): boolean => what.includes(scenario);

/** Gives what was measured in one scenario, and what is wanted of it. */
export type Report = (scenario: string, rows: readonly Omit<Row, "part" | "scenario">[], aims: readonly Aim[]) => void;

/** A part of the suite: it starts what it needs, measures, and ends it. */
export type Part = { name: string; run: (settings: Settings, report: Report) => Promise<void> };

/** How many of something, where the quick run makes do with fewer. */
export const fewer = ({ quick }: Settings, count: number): number => (quick ? Math.ceil(count / 4) : count);
