/**
 * Each MUST and MUST NOT of the two transports that concerns a gateway, as a server to its clients or as a client to its servers, and the test
 * that would fail without it. What only binds the other side is no row. test/house/requirements.test.ts sees to it that the tests are there.
 */
type Requirement = {
  id: string;
  /** Revision, page and section of the specification. */
  source: string;
  text: string;
  /** `file › name of the test`, where the test may be one of many rows. Undefined: `todo` says who is to write it. */
  test: string | undefined;
  todo?: string;
};

const legacy = "2025-11-25 basic/transports";
const lifecycle = "2025-11-25 basic/lifecycle";
const modern = "2026-07-28 basic/transports/streamable-http";
const stdio = "2026-07-28 basic/transports/stdio";
const base = "2026-07-28 basic";

const transport = "test/scenarios/transport.test.ts";
const sessions = "test/scenarios/sessions.test.ts";
const gateway = "test/scenarios/gateway.test.ts";
const bridge = "test/scenarios/bridge.test.ts";
const wire = "test/fuzz/wire.test.ts";
const pairs =
  "test/fuzz/headers.test.ts › headers that say what the body says are let in, all others are 400 and -32020";
const rebinding =
  "test/cve/cve-2025-66414.test.ts › a foreign Host or Origin is 403, with a token in hand too, and nothing reaches a server";
const streams = `${transport} › streams of a session: an answer goes where its request came, news to one stream only, ids are no other's, a rest is its own`;
const spoken = `${transport} › a legacy server is initialized first, then told so, and hears its session and version with all that follows`;
const discovers = `${gateway} › modern: discover, list and call, with what such results must carry`;
const asks = `${bridge} › asks the client: %s`;
const spokenModern = "test/mcp/upstream/http.test.ts › each request says whose it is, and what of it stands in headers";

const row = (id: string, source: string, text: string, test: string | undefined, todo?: string): Requirement =>
  todo === undefined ? { id, source, text, test } : { id, source, text, test, todo };

export const requirements: readonly Requirement[] = [
  row(
    "L-utf8",
    legacy,
    "Messages are UTF-8.",
    `${wire} › bytes that are not UTF-8 are refused, whatever they would make`,
  ),
  row(
    "L-stdio-lines",
    `${legacy} §stdio`,
    "A message on stdio holds no line break.",
    `${wire} › a message among the arguments stays there, on whatever line it stands`,
  ),
  row(
    "L-stdio-stdin",
    `${legacy} §stdio`,
    "Nothing but MCP goes to a server's standard input.",
    `${wire} › what arrives at a server of any kind is what was judged, and nothing answers 500`,
  ),
  row(
    "L-endpoint",
    `${legacy} §Streamable HTTP`,
    "One path takes POST and GET.",
    `${sessions} › GET hears that a list has changed when the project has`,
  ),
  row("L-origin", `${legacy} §Security`, "Origin is checked on every connection; a wrong one is 403.", rebinding),
  row(
    "L-post-accept",
    `${legacy} §Sending`,
    "As a client: each message is a POST of its own that accepts JSON and event streams.",
    spoken,
  ),
  row(
    "L-post-single",
    `${legacy} §Sending`,
    "A body is one message: no batch.",
    "test/cve/ghsa-f897-62hf-6gxq.test.ts › 4 MiB and one byte is 413 by its length and by chunks, and a batch is 400 however short",
  ),
  row(
    "L-post-202",
    `${legacy} §Sending`,
    "A notification or answer that is taken is 202 without a body.",
    `${transport} › of a notification or an answer that is taken is 202 without a body`,
  ),
  row(
    "L-post-error",
    `${legacy} §Sending`,
    "One that cannot be taken is an HTTP error.",
    `${transport} › of a notification or an answer that cannot be taken is an error of HTTP`,
  ),
  row(
    "L-post-answer",
    `${legacy} §Sending`,
    "A request is answered by JSON or by an event stream.",
    `${sessions} › what takes longer than a second becomes a stream, and its rest can be had after it broke`,
  ),
  row(
    "L-client-both",
    `${legacy} §Sending`,
    "As a client: both kinds of answer are understood.",
    "test/scenarios/markers.test.ts › 200 clients with the same ids, each with a marker, over servers of every kind: nobody hears what is another's",
  ),
  row(
    "L-retry",
    `${legacy} §Sending`,
    "As a client: `retry` is waited for before coming back.",
    "test/mcp/upstream/http.test.ts › a stream that breaks off is taken up again after exactly the pause that was asked for",
  ),
  row("L-get-accept", `${legacy} §Listening`, "As a client: GET accepts event streams.", spoken),
  row(
    "L-get-or-405",
    `${legacy} §Listening`,
    "GET is an event stream or 405.",
    `${sessions} › GET hears that a list has changed when the project has`,
  ),
  row(
    "L-get-no-answer",
    `${legacy} §Listening`,
    "No answer goes out on the stream of GET, unless it resumes one.",
    streams,
  ),
  row("L-one-stream", `${legacy} §Multiple Connections`, "A message goes to one stream only.", streams),
  row("L-event-ids", `${legacy} §Resumability`, "An event's id is no other's in the session.", streams),
  row("L-replay", `${legacy} §Resumability`, "Nothing of another stream is replayed.", streams),
  row(
    "L-session-ascii",
    `${legacy} §Session Management`,
    "A session id is visible ASCII.",
    `${sessions} › is visible ASCII, and goes on after a restart and an idle week`,
  ),
  row(
    "L-session-sent",
    `${legacy} §Session Management`,
    "As a client: a session that was given is named with all that follows.",
    spoken,
  ),
  row(
    "L-session-ended",
    `${legacy} §Session Management`,
    "A session that ended is 404.",
    `${sessions} › ends by DELETE, and is then unknown`,
  ),
  row(
    "L-session-anew",
    `${legacy} §Session Management`,
    "As a client: 404 for a session means a new initialize without one.",
    `${gateway} › a forgotten session is opened again and the call made once`,
  ),
  row(
    "L-session-secure",
    `${legacy} §Session Management`,
    "A session is nobody else's.",
    `${sessions} › %s is exactly 404, for POST, GET and DELETE`,
  ),
  row(
    "L-version-sent",
    `${legacy} §Protocol Version Header`,
    "As a client: the agreed version is named with all that follows.",
    spoken,
  ),
  row(
    "L-version-400",
    `${legacy} §Protocol Version Header`,
    "An invalid version is 400.",
    `${transport} › in a version that nobody knows is 400`,
  ),
  row(
    "L-init-first",
    `${lifecycle} §Initialization`,
    "As a client: initialize comes first, with version, capabilities and information.",
    spoken,
  ),
  row(
    "L-init-answer",
    `${lifecycle} §Initialization`,
    "The server answers with its own capabilities and information.",
    `${gateway} › initialize at %s is answered in kind`,
  ),
  row("L-initialized", `${lifecycle} §Initialization`, "As a client: initialized follows.", spoken),
  row(
    "L-version-same",
    `${lifecycle} §Version Negotiation`,
    "A version that is known is answered with itself.",
    `${gateway} › initialize at %s is answered in kind`,
  ),
  row(
    "L-version-other",
    `${lifecycle} §Version Negotiation`,
    "Any other is answered with one that is known.",
    `${gateway} › a version we do not know gets the newest legacy one`,
  ),
  row(
    "L-capabilities",
    `${lifecycle} §Operation`,
    "As a client: only what the server has is asked for.",
    `${transport} › a server is asked for nothing that it did not say it has`,
  ),
  row(
    "L-capabilities-client",
    `${lifecycle} §Operation`,
    "As a server: a client is asked only what it declared.",
    `${bridge} › a client that said nothing of it is not asked, and the call is answered`,
  ),

  row("M-endpoint", modern, "One path takes POST.", discovers),
  row("M-origin", `${modern} §Security`, "Origin is checked on every connection; a wrong one is 403.", rebinding),
  row(
    "M-post-accept",
    `${modern} §Sending`,
    "As a client: each message is a POST of its own that accepts JSON and event streams, with its metadata in headers.",
    spokenModern,
  ),
  row(
    "M-post-202",
    `${modern} §Sending`,
    "A notification that is taken is 202 without a body.",
    `${transport} › of a notification or an answer that is taken is 202 without a body`,
  ),
  row(
    "M-post-error",
    `${modern} §Sending`,
    "One that cannot be taken is an HTTP error.",
    `${transport} › of a notification or an answer that cannot be taken is an error of HTTP`,
  ),
  row("M-post-answer", `${modern} §Sending`, "A request is answered by JSON or by an event stream.", discovers),
  row(
    "M-stream-related",
    `${modern} §Receiving`,
    "What is told before the answer is about this request.",
    `${bridge} › progress comes with the client's own token`,
  ),
  row(
    "M-stream-no-request",
    `${modern} §Receiving`,
    "No request goes to a client: what it is asked is in the result.",
    asks,
  ),
  row(
    "M-cancel",
    `${modern} §Cancellation`,
    "A stream that its client closes is a request taken back; nothing more is said of it.",
    `${transport} › of the modern era whose client goes away is taken back at its server`,
  ),
  row(
    "M-version-header",
    `${modern} §Protocol Version Header`,
    "As a client: each POST names the version, the one of its body.",
    spokenModern,
  ),
  row(
    "M-version-mismatch",
    `${modern} §Protocol Version Header`,
    "A version that differs from the body's is 400 and -32020.",
    pairs,
  ),
  row(
    "M-version-unknown",
    `${modern} §Protocol Version Header`,
    "A version that is not served is 400 with those that are.",
    "test/mcp/inbound.test.ts › the versions offered in the refusal are the ones discover advertises",
  ),
  row(
    "M-method-404",
    `${modern} §Protocol Version Header`,
    "An unknown method is 404 and -32601.",
    `${gateway} › what the modern era dropped is 404 there, and the other way round -32601`,
  ),
  row("M-standard-headers", `${modern} §Standard Request Headers`, "Mcp-Method and Mcp-Name are there.", pairs),
  row(
    "M-name-encoded",
    `${modern} §Standard Request Headers`,
    "As a client: a name that ASCII cannot hold is encoded.",
    "test/mcp/param-headers.test.ts › a header's value comes back as it went",
  ),
  row(
    "M-param-schema",
    `${modern} §Custom Headers`,
    "What a tool declares is a header's name, once, of a plain type, reached by properties alone.",
    "test/mcp/param-headers.test.ts › %s makes the tool unusable",
  ),
  row(
    "M-param-sent",
    `${modern} §Custom Headers`,
    "As a client: declared arguments are mirrored, missing ones are not.",
    "test/mcp/param-headers.test.ts › what is there is mirrored, what is null or missing is not",
  ),
  row(
    "M-param-excluded",
    `${modern} §Custom Headers`,
    "As a client: a tool with a wrong declaration is listed to nobody.",
    "test/mcp/view.test.ts › a tool that declares its headers wrongly is shown to nobody",
  ),
  row(
    "M-param-encoded",
    `${modern} §Value Encoding`,
    "As a client: values are encoded, the sentinel's look-alikes too.",
    "test/mcp/param-headers.test.ts › headers made for arguments match them, whatever they are",
  ),
  row(
    "M-sentinel",
    `${modern} §Value Encoding`,
    "The sentinel is in small letters, and decoded before comparing.",
    pairs,
  ),
  row("M-param-unknown", `${modern} §Server Behavior`, "Headers that nothing declares change nothing.", pairs),
  row(
    "M-param-characters",
    `${modern} §Server Behavior`,
    "A value of characters that no header has is refused.",
    pairs,
  ),
  row(
    "M-param-mismatch",
    `${modern} §Server Behavior`,
    "A value that differs from its argument is 400 and -32020; null and missing arguments have none.",
    pairs,
  ),
  row("M-header-case", `${modern} §Case Sensitivity`, "Names of headers are blind to case.", pairs),
  row(
    "M-validation",
    `${modern} §Server Validation`,
    "Headers that differ from the body are 400 with -32020, and nothing is done.",
    `${wire} › a modern request whose headers say something else is 400 and reaches no server, all others get through`,
  ),

  row(
    "S-lines",
    `${stdio} §intro`,
    "A message on stdio holds no line break, and nothing else is written.",
    `${wire} › a message among the arguments stays there, on whatever line it stands`,
  ),
  row(
    "S-listen",
    `${stdio} §Receiving`,
    "As a client: what a subscription tells is known by its id.",
    "test/mcp/upstream/every-way.test.ts › what is followed is told, what no longer is is not",
  ),
  row(
    "S-cancel",
    `${stdio} §Cancellation`,
    "As a client: a call is taken back by a notification.",
    "test/mcp/upstream/every-way.test.ts › a call that is given up is taken back in the way of its wire",
  ),
  row(
    "S-fallback",
    `${stdio} §Backward Compatibility`,
    "As a client: any answer to the probe but yes means the legacy era.",
    "test/mcp/upstream/negotiate.test.ts › of era %s is spoken to in the %s one",
  ),

  row(
    "B-id",
    `${base} §Requests`,
    "An id is a string or an integer, never null.",
    `${transport} › of a request without a proper id is no request`,
  ),
  row(
    "B-id-unique",
    `${base} §Requests`,
    "As a client: an id is no other's that waits.",
    "test/scenarios/markers.test.ts › 200 clients with the same ids, each with a marker, over servers of every kind: nobody hears what is another's",
  ),
  row(
    "B-id-same",
    `${base} §Responses`,
    "An answer has its request's id.",
    `${gateway} › unknown fields of tools survive, ids come back as they were, a tool's failure is a result`,
  ),
  row("B-result-type", `${base} §Responses`, "A result says its type.", discovers),
  row(
    "B-result-unknown",
    `${base} §ResultType`,
    "As a client: a type nobody knows is invalid.",
    `${transport} › a result without a type is complete, one of a type that nobody knows is none`,
  ),
  row(
    "B-result-absent",
    `${base} §ResultType`,
    "As a client: no type means complete.",
    `${transport} › a result without a type is complete, one of a type that nobody knows is none`,
  ),
  row(
    "B-error",
    `${base} §Error Responses`,
    "A refusal has the request's id, an integer and words.",
    `${transport} › that is refused says so under its own id, with a number and words`,
  ),
  row(
    "B-codes",
    `${base} §Error Codes`,
    "No code of an earlier revision goes to a modern client.",
    `${gateway} › what the modern era dropped is 404 there, and the other way round -32601`,
  ),
  row(
    "B-no-answer",
    `${base} §Notifications`,
    "A notification is not answered.",
    `${transport} › of a notification or an answer that is taken is 202 without a body`,
  ),
  row(
    "B-stateless",
    `${base} §Statelessness`,
    "Nothing is remembered of earlier requests of the connection.",
    `${transport} › of the modern era has no session, whatever it claims`,
  ),
  row(
    "B-refs",
    `${base} §$ref Resolution`,
    "No reference over the network is followed.",
    "test/mcp/schemas.test.ts › what leads elsewhere, nowhere or into itself takes anything, and nothing is fetched",
  ),
  row(
    "B-meta",
    `${base} §_meta`,
    "A request without its required metadata is 400 and -32602.",
    `${transport} › that is refused says so under its own id, with a number and words`,
  ),
  row(
    "B-capability",
    `${base} §_meta`,
    "A capability that is needed and was not declared is 400 and -32021, with which.",
    "test/mcp/upstream/http.test.ts › a server's %i (%o) is said as what it is to the client",
  ),
  row(
    "B-subscription",
    `${base} §_meta`,
    "What a subscription tells bears its id.",
    `${bridge} › a list that changed, and a resource that did`,
  ),
  row("B-discover", `${base}/versioning`, "server/discover is answered.", discovers),
];
