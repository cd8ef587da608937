/** What `mcpctl test mcp --suite security` may find, and what `mcpctl explain finding ID` says of it. Data only: probes are in security/. */
export type Severity = "critical" | "high" | "medium" | "low";

export type Finding = {
  id: `MCP-SEC-${string}`;
  severity: Severity;
  title: string;
  /** Why it is bad, and for whom. */
  explanation: string;
  remedy: string;
  /** An advisory, a standard, or a section of the specification. */
  reference: string;
};

const transports = "MCP 2025-11-25 basic/transports §Security Warning";
const practices = "MCP security best practices";

export const findings = [
  {
    id: "MCP-SEC-001",
    severity: "high",
    title: "A foreign Host is let in",
    explanation:
      "A web page can make its own name lead to this machine (DNS rebinding) and then speak to the server as if it were the page's own site, with everything that the server may do here. The name that it came by stands in Host, and nobody looks at it.",
    remedy: "Answer 403 when Host is neither an address, a loopback name nor a name that was configured.",
    reference: "CVE-2025-66414, CVE-2025-66416, CVE-2025-64443",
  },
  {
    id: "MCP-SEC-002",
    severity: "high",
    title: "A foreign Origin is let in",
    explanation:
      "Browsers say in Origin which site a request is from. A server that does not look at it takes requests of any page that its user visits.",
    remedy:
      "Answer 403 to an Origin that was not allowed, on every method and path, before anything else is looked at.",
    reference: transports,
  },
  {
    id: "MCP-SEC-003",
    severity: "high",
    title: "Any page may read the answers with the user's credentials",
    explanation:
      "The answer allows credentials (Access-Control-Allow-Credentials) to an origin that it repeats from the request, or to all of them. A page that the user visits then reads what only the user may see.",
    remedy: "Allow named origins only, and credentials to none that are not yours.",
    reference: "Fetch standard §CORS protocol and credentials",
  },
  {
    id: "MCP-SEC-004",
    severity: "medium",
    title: "A simple request of a web page is served",
    explanation:
      "A page may send text/plain to any server without asking first (no CORS preflight). A server that reads it as JSON does what the page says, even if the page cannot read the answer.",
    remedy: "Answer 415 to whatever is not application/json.",
    reference: "Fetch standard §simple requests",
  },
  {
    id: "MCP-SEC-005",
    severity: "high",
    title: "The endpoint serves anybody",
    explanation:
      "A request without a credential was served, though a token was given for this server or it is reached over a network. Whoever reaches the address uses its tools.",
    remedy: "Demand a credential on every request, or listen on loopback only.",
    reference: "CVE-2026-79538, CVE-2026-32211",
  },
  {
    id: "MCP-SEC-006",
    severity: "critical",
    title: "A wrong token is accepted",
    explanation:
      "A token that was never issued opens the endpoint, while no token does not: the check looks only whether there is one.",
    remedy: "Compare the whole token with one that was issued; fail closed when it cannot be checked.",
    reference: "CVE-2026-59822",
  },
  {
    id: "MCP-SEC-007",
    severity: "critical",
    title: "A token that only resembles the right one is accepted",
    explanation:
      "The right token with its end cut off, with something added or in other letters opens the endpoint: only a part of it is compared, and a part can be guessed.",
    remedy: "Compare all of it, or a hash of all of it, in constant time and to the letter.",
    reference: "CVE-2026-35030",
  },
  {
    id: "MCP-SEC-008",
    severity: "medium",
    title: "A token in the address is accepted",
    explanation:
      "Addresses end up in logs of proxies, in histories and in Referer. A token that works there will be found there.",
    remedy: "Take tokens from the Authorization header only.",
    reference: "MCP 2025-11-25 basic/authorization §Access Token Usage; RFC 6750 §2.3",
  },
  {
    id: "MCP-SEC-009",
    severity: "critical",
    title: "An older revision asks for no credential",
    explanation:
      "A request that says an older revision of the protocol, or none, is served without the credential that the newest one demands.",
    remedy: "Check the credential before the revision is looked at, once for all of them.",
    reference: "GHSA-5gf6-gc35-xjpc, CVE-2026-14537",
  },
  {
    id: "MCP-SEC-010",
    severity: "critical",
    title: "Another path to the same server is unguarded",
    explanation:
      "The endpoint demands a credential, and a second one beside it, such as that of the older transport, does not.",
    remedy: "Put the check before all routes, and let each route say by itself when it needs none.",
    reference: "CVE-2026-101084, CVE-2026-79538",
  },
  {
    id: "MCP-SEC-011",
    severity: "medium",
    title: "A page for operators is open to everybody",
    explanation:
      "Metrics, debug pages and settings tell strangers what runs here, who uses it and, in the worst case, its secrets.",
    remedy: "Ask for a credential there too, or serve them on another port of this machine alone.",
    reference: "CVE-2026-79537",
  },
  {
    id: "MCP-SEC-012",
    severity: "critical",
    title: "A session's id is as good as a credential",
    explanation:
      "A request that names a session and no user was served: whoever reads the id in a log, or guesses it, is that user.",
    remedy:
      "Check the credential on every request, and that the session is of the same user. Sessions are not for authentication.",
    reference: `${practices} §Session Hijacking`,
  },
  {
    id: "MCP-SEC-013",
    severity: "high",
    title: "A session is taken over by another user",
    explanation:
      "A session that one token opened goes on under another: what its first user hears and did is the second one's.",
    remedy: "Bind a session to who opened it, and answer 404 to everybody else.",
    reference: "CVE-2026-52869, CVE-2026-67431, GHSA-mvgg-jvj2-4frq",
  },
  {
    id: "MCP-SEC-014",
    severity: "high",
    title: "Session ids can be guessed",
    explanation:
      "The ids of sessions that were opened one after the other differ in so little that another's can be found by trying.",
    remedy: "Take at least 128 random bits of a generator that is made for it, or a sealed token.",
    reference: "CVE-2025-6515",
  },
  {
    id: "MCP-SEC-015",
    severity: "medium",
    title: "A client chooses the id of its session",
    explanation:
      "The server opened a session under an id that the request brought along. Who makes somebody else use a known id shares that session.",
    remedy: "Always make a new id at initialize, whatever the request says.",
    reference: "CWE-384 session fixation",
  },
  {
    id: "MCP-SEC-016",
    severity: "medium",
    title: "A header turns one method of HTTP into another",
    explanation:
      "X-HTTP-Method-Override made a DELETE of a POST. A proxy in front that lets through POST only, or logs methods, sees another request than the server.",
    remedy: "Do not honour such headers.",
    reference: "CWE-650",
  },
  {
    id: "MCP-SEC-017",
    severity: "high",
    title: "Headers and body may say different things",
    explanation:
      "The request was served though its header named another method than its body. What stands in front decides by the header, and something else is done.",
    remedy: "Compare Mcp-Method and Mcp-Name with the body and answer 400 with -32020 when they differ.",
    reference: "MCP 2026-07-28 basic/transports/streamable-http §Server Validation",
  },
  {
    id: "MCP-SEC-018",
    severity: "low",
    title: "A message with the same key twice is served",
    explanation:
      "Two readers of such a message may see two methods: a gateway checks the first one, the server does the last. Most JSON readers keep the last and say nothing.",
    remedy: "Refuse messages in which a key stands twice, at least in whatever decides for others.",
    reference: "GHSA-4gph-2hhr-5mwg; RFC 8259 §4",
  },
  {
    id: "MCP-SEC-019",
    severity: "medium",
    title: "Keys are read without regard to case",
    explanation:
      "A message whose key is METHOD was served. Readers before it that know only the right spelling saw no method, or another one.",
    remedy: "Read keys to the letter.",
    reference: "CVE-2026-27896",
  },
  {
    id: "MCP-SEC-020",
    severity: "medium",
    title: "Requests can be smuggled in a batch",
    explanation:
      "An array of requests was served, though there are no batches any more. Checks that look at one message do not see the others.",
    remedy: "Refuse arrays whole, however short they are.",
    reference: "GHSA-f897-62hf-6gxq, stacklok/toolhive#5931",
  },
  {
    id: "MCP-SEC-021",
    severity: "medium",
    title: "Bodies of any size are read",
    explanation: "A body of 8 MiB was read whole and served. A few clients at once fill the memory.",
    remedy: "Answer 413 to more than a few MiB, by Content-Length and while reading.",
    reference: "CWE-770",
  },
  {
    id: "MCP-SEC-022",
    severity: "high",
    title: "A deeply nested message breaks the server",
    explanation:
      "A message of a few kilobytes, nested thousands of levels deep, ended in an error of the server or in no answer at all.",
    remedy: "Bound the depth before a message is read further, and answer 400.",
    reference: "CWE-674",
  },
  {
    id: "MCP-SEC-023",
    severity: "high",
    title: "Line breaks of a client become events of the server",
    explanation:
      "A line break in a request came back as an event of its own in the answer's stream: a client, or what a client was told by somebody, speaks with the server's voice.",
    remedy: "Write each message of a stream as one line of JSON.",
    reference: "CWE-93; HTML standard §9.2 Server-sent events",
  },
  {
    id: "MCP-SEC-024",
    severity: "high",
    title: "A tool fetches addresses of the server's own network",
    explanation:
      "A tool with an address among its arguments came to a listener on the loopback address. The same way leads to a cloud's credentials and to whatever trusts its neighbours.",
    remedy: "Resolve the name once, refuse private and link-local addresses, and do the same after each redirect.",
    reference: "CVE-2026-77822, CWE-918",
  },
  {
    id: "MCP-SEC-025",
    severity: "high",
    title: "The server repeats the token",
    explanation:
      "The token that was sent came back in an answer. Answers go into logs, into models and to whoever makes the server answer somebody else.",
    remedy: "Never put into an answer what stood in a credential, errors included.",
    reference: "CWE-209; CVE-2025-47274",
  },
  {
    id: "MCP-SEC-026",
    severity: "low",
    title: "Errors tell how the server is built",
    explanation:
      "An error held a stack trace or paths of files: names of users, versions and folders that help to find the next weakness.",
    remedy: "Say what was wrong with the request; write the trace to a log.",
    reference: "CWE-209",
  },
  {
    id: "MCP-SEC-027",
    severity: "high",
    title: "A tool holds characters that nobody sees",
    explanation:
      "A model reads them and the person who approves the tool does not: instructions can be hidden in them.",
    remedy: "Take them out of names and descriptions; do not use a server that puts them there.",
    reference: "Tool poisoning; Unicode tags U+E0000 to U+E007F",
  },
  {
    id: "MCP-SEC-028",
    severity: "high",
    title: "A description gives orders to the model",
    explanation:
      "The description of a tool tells the model to disregard what it was told, to hide something from its user or to read files that are none of the tool's business.",
    remedy: "Do not use the server before somebody has read its descriptions; pin what was read.",
    reference: "Tool poisoning, OWASP LLM01",
  },
  {
    id: "MCP-SEC-029",
    severity: "low",
    title: "A tool's name or description is beyond measure",
    explanation:
      "A name of more than 128 characters, or a description of more than 16 KiB: clients cut or refuse it, and what is cut off nobody has read.",
    remedy: "Keep names below 64 characters and descriptions to what a model needs.",
    reference: "MCP 2025-11-25 server/tools §Tool Names",
  },
  {
    id: "MCP-SEC-030",
    severity: "medium",
    title: "Markup of a request comes back as HTML",
    explanation:
      "A page of errors repeated markup of the address as it stood there. A link to it runs scripts in the name of the server.",
    remedy: "Answer errors as JSON or plain text, and escape what is repeated.",
    reference: "CWE-79",
  },
] as const satisfies readonly Finding[];

export type FindingId = (typeof findings)[number]["id"];

export const findingOf = (id: string): Finding | undefined => findings.find((one) => one.id === id.toUpperCase());
