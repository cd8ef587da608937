import { type Counted, counted, type Gauged, gauged } from "../lib/counters.ts";
import { bounds } from "../lib/durations.ts";
import { version } from "../lib/version.ts";
import type { Metric } from "../operations/exposition.ts";
import { present } from "../rbac/source.ts";
import { Server } from "../resources/server.ts";
import { listResources } from "../storage/resources.ts";
import type { Rooms } from "./rooms.ts";

/** Everything that is measured, of this moment. */
export async function metricsOf(rooms: Rooms): Promise<Metric[]> {
  return [
    ...countersOf(rooms),
    durationsOf(rooms),
    ...(await gatewayOf(rooms)),
    ...(await cacheOf(rooms)),
    ...processOf(rooms),
  ];
}

function countersOf({ counters }: Rooms): Metric[] {
  const samples = (what: Counted | Gauged, by: string | undefined) =>
    by === undefined
      ? [{ value: counters.total(what) }]
      : [...counters.numbers(what)].map(([name, value]) => ({ labels: { [by]: name }, value }));
  return [
    ...Object.entries(counted).map(([name, sort]: [string, { by?: string; help: string }]) => ({
      name: `mcpctl_${name}_total`,
      type: "counter" as const,
      help: sort.help,
      samples: samples(name as Counted, sort.by),
    })),
    ...Object.entries(gauged).map(([name, { by, help }]) => ({
      name: `mcpctl_${name}`,
      type: "gauge" as const,
      help,
      samples: samples(name as Gauged, by),
    })),
  ];
}

/** Each bucket holds the smaller ones too, as Prometheus has it. */
function durationsOf({ durations }: Rooms): Metric {
  const samples = [...durations.servers()].flatMap(([server, { counts, seconds }]) => {
    let count = 0;
    const buckets = counts.map((more, place) => {
      count += more;
      return { ending: "_bucket", labels: { server, le: String(bounds[place] ?? "+Inf") }, value: count };
    });
    const labels = { server };
    return [...buckets, { ending: "_sum", labels, value: seconds }, { ending: "_count", labels, value: count }];
  });
  const help = "How long calls took that led to a server, as their callers saw it";
  return { name: "mcpctl_call_duration_seconds", type: "histogram", help, samples };
}

async function gatewayOf({ db, withStatus, supervisor, gateway, watch, audit }: Rooms): Promise<Metric[]> {
  const servers = (await db.read(() => listResources("server"))).map((row) => withStatus(Server, present(row)).status);
  const { sessions, held, readers, unread, subscribers } = gateway.sizes();
  return [
    byState(
      "mcpctl_servers",
      "Servers by their state",
      servers.map((status) => String(status?.["state"])),
    ),
    byState(
      "mcpctl_instances",
      "Instances by their state",
      supervisor.list().map(({ state }) => state),
    ),
    gauge("mcpctl_sessions", "Sessions of clients that have something going on", sessions),
    gauge("mcpctl_streams", "Event streams and long answers on their way to clients", readers),
    gauge("mcpctl_unread_bytes", "What clients have not read of them", unread),
    gauge("mcpctl_subscribers", "Clients that hear of changes", subscribers),
    gauge("mcpctl_held_calls", "Calls that wait for what their client was asked", held),
    gauge("mcpctl_watched", "Requests and streams whose right is looked at again", watch.size()),
    gauge("mcpctl_audit_queue", "Audit events that wait to be written", audit.waiting().waiting),
  ];
}

async function cacheOf({ proxyModels: { cache } }: Rooms): Promise<Metric[]> {
  const { entries, bytes, hits, misses, evicted } = await cache.stats();
  return [
    counter("mcpctl_cache_hits_total", "Times that the pipeline cache had what was asked for", hits),
    counter("mcpctl_cache_misses_total", "Times that it had not", misses),
    counter("mcpctl_cache_evicted_total", "Entries that went since it was full", evicted),
    gauge("mcpctl_cache_entries", "What it holds", entries),
    gauge("mcpctl_cache_bytes", "How much that is on disk", bytes),
  ];
}

const processOf = ({ files, vitals, clock, startedAt }: Rooms): Metric[] => [
  gauge("mcpctl_uptime_seconds", "Since the start", (clock.now() - startedAt) / 1000),
  gauge("mcpctl_event_loop_delay_seconds", "The worst of the last quarter of a minute", vitals.loopDelaySeconds()),
  gauge("process_open_fds", "Files that are open, connections included", files.count()),
  ...(Number.isFinite(files.limit) ? [gauge("process_max_fds", "Files that may be open", files.limit)] : []),
  gauge("process_resident_memory_bytes", "Memory in use", process.memoryUsage.rss()),
  { name: "mcpctl_build_info", type: "gauge", help: "What runs", samples: [{ labels: { version }, value: 1 }] },
];

const gauge = (name: string, help: string, value: number): Metric => ({
  name,
  type: "gauge",
  help,
  samples: [{ value }],
});

const counter = (name: string, help: string, value: number): Metric => ({
  ...gauge(name, help, value),
  type: "counter",
});

function byState(name: string, help: string, states: readonly string[]): Metric {
  const counts = new Map<string, number>();
  for (const state of states) counts.set(state, (counts.get(state) ?? 0) + 1);
  return { name, type: "gauge", help, samples: [...counts].map(([state, value]) => ({ labels: { state }, value })) };
}
