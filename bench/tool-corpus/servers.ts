/**
 * The servers whose tools are the corpus: what is installed, and what it needs to tell its list. None is given a real login, and none has a network
 * while it runs. An own name is given where two would have the same.
 */
export type Row = {
  server: string;
  package: string;
  args?: string[];
  env?: Record<string, string>;
  /** In its home folder. */
  files?: Record<string, string>;
};

const anything = "0123456789abcdef0123456789abcdef";
const googleClient = JSON.stringify({
  installed: { client_id: "a", client_secret: "a", redirect_uris: ["http://localhost"] },
});

export const rows: readonly Row[] = [
  { server: "filesystem", package: "@modelcontextprotocol/server-filesystem@2025.8.21", args: ["."] },
  { server: "memory", package: "@modelcontextprotocol/server-memory@2025.8.4" },
  { server: "thinking", package: "@modelcontextprotocol/server-sequential-thinking@2025.7.1" },
  { server: "everything", package: "@modelcontextprotocol/server-everything@2025.8.18" },
  { server: "github", package: "@modelcontextprotocol/server-github@2025.4.8" },
  {
    server: "slack",
    package: "@modelcontextprotocol/server-slack@2025.4.25",
    env: { SLACK_BOT_TOKEN: "xoxb-1", SLACK_TEAM_ID: "T1" },
  },
  { server: "puppeteer", package: "@modelcontextprotocol/server-puppeteer@2025.5.12" },
  { server: "postgres", package: "@modelcontextprotocol/server-postgres@0.6.2", args: ["postgresql://localhost/db"] },
  { server: "maps", package: "@modelcontextprotocol/server-google-maps@0.6.2", env: { GOOGLE_MAPS_API_KEY: anything } },
  { server: "brave", package: "@brave/brave-search-mcp-server@2.1.4", env: { BRAVE_API_KEY: anything } },
  { server: "playwright", package: "@playwright/mcp@0.0.83" },
  { server: "devtools", package: "chrome-devtools-mcp@1.11.0" },
  { server: "notion", package: "@notionhq/notion-mcp-server@2.5.2", env: { NOTION_TOKEN: "ntn_1" } },
  { server: "kubernetes", package: "mcp-server-kubernetes@4.1.7" },
  { server: "gitlab", package: "@zereight/mcp-gitlab@2.1.64", env: { GITLAB_PERSONAL_ACCESS_TOKEN: anything } },
  {
    server: "calendar",
    package: "@cocal/google-calendar-mcp@2.6.3",
    env: { GOOGLE_OAUTH_CREDENTIALS: "client.json" },
    files: { "client.json": googleClient },
  },
  {
    server: "gmail",
    package: "@gongrzhe/server-gmail-autoauth-mcp@1.1.11",
    files: { ".gmail-mcp/gcp-oauth.keys.json": googleClient },
  },
  { server: "mongodb", package: "mongodb-mcp-server@3.0.4", env: { MDB_MCP_TELEMETRY: "disabled" } },
  { server: "figma", package: "figma-developer-mcp@0.13.2", args: ["--stdio", `--figma-api-key=${anything}`] },
  {
    server: "linear",
    package: "linear-mcp-server@0.1.0",
    env: { LINEAR_ACCESS_TOKEN: "lin_api_1", LINEAR_API_KEY: "lin_api_1" },
  },
  { server: "firecrawl", package: "firecrawl-mcp@3.26.0", env: { FIRECRAWL_API_KEY: "fc-1" } },
  { server: "tavily", package: "tavily-mcp@0.2.22", env: { TAVILY_API_KEY: "tvly-1" } },
  { server: "circleci", package: "@circleci/mcp-server-circleci@0.20.0", env: { CIRCLECI_TOKEN: anything } },
  { server: "launchdarkly", package: "@launchdarkly/mcp-server@0.6.2", args: ["start", "--api-key", "api-1"] },
  { server: "mapbox", package: "@mapbox/mcp-server@0.14.0", env: { MAPBOX_ACCESS_TOKEN: "pk.eyJ1IjoiYSJ9.a" } },
  { server: "charts", package: "@antv/mcp-server-chart@0.9.10" },
  {
    server: "line",
    package: "@line/line-bot-mcp-server@0.5.0",
    env: { CHANNEL_ACCESS_TOKEN: anything, DESTINATION_USER_ID: "U1" },
  },
  { server: "hubspot", package: "@hubspot/mcp-server@0.4.0", env: { PRIVATE_APP_ACCESS_TOKEN: anything } },
  {
    server: "xero",
    package: "@xeroapi/xero-mcp-server@0.0.17",
    env: { XERO_CLIENT_ID: anything, XERO_CLIENT_SECRET: anything },
  },
  { server: "postman", package: "@postman/postman-mcp-server@2.13.0", env: { POSTMAN_API_KEY: "PMAK-1" } },
  {
    server: "digitalocean",
    package: "@digitalocean/mcp@1.0.70",
    args: ["--services", "apps,droplets,doks"],
    env: { DIGITALOCEAN_API_TOKEN: anything },
  },
  {
    server: "trello",
    package: "@delorenj/mcp-server-trello@1.8.1",
    env: { TRELLO_API_KEY: anything, TRELLO_TOKEN: anything, TRELLO_BOARD_ID: "1" },
  },
  { server: "todoist", package: "todoist-mcp@1.3.4", env: { API_KEY: anything, TODOIST_API_KEY: anything } },
  { server: "desktop", package: "@wonderwhy-er/desktop-commander@0.2.52" },
  { server: "context7", package: "@upstash/context7-mcp@4.1.1" },
  {
    server: "plane",
    package: "@makeplane/plane-mcp-server@0.1.5",
    env: { PLANE_API_KEY: anything, PLANE_API_HOST_URL: "http://localhost", PLANE_WORKSPACE_SLUG: "a" },
  },
  { server: "pinecone", package: "@pinecone-database/mcp@0.3.0", env: { PINECONE_API_KEY: anything } },
  { server: "monday", package: "@mondaydotcomorg/monday-api-mcp@3.3.0", args: ["-t", anything] },
  { server: "datadog", package: "datadog-mcp@5.8.2", env: { DD_API_KEY: anything, DD_APP_KEY: anything } },
  {
    server: "jira",
    package: "mcp-jira-cloud@4.4.0",
    env: { JIRA_BASE_URL: "https://example.com", JIRA_EMAIL: "a@example.com", JIRA_API_TOKEN: anything },
  },
  {
    server: "confluence",
    package: "@answerai/confluence-mcp@1.0.0",
    env: {
      CONFLUENCE_API_TOKEN: anything,
      CONFLUENCE_BASE_URL: "https://example.com",
      CONFLUENCE_API_MAIL: "a@example.com",
    },
  },
  { server: "airtable", package: "airtable-mcp-server@1.14.0", env: { AIRTABLE_API_KEY: "pat1.1" } },
  { server: "asana", package: "@roychri/mcp-server-asana@1.8.0", env: { ASANA_ACCESS_TOKEN: anything } },
  { server: "weather", package: "@dangahagan/weather-mcp@1.23.0" },
  { server: "obsidian", package: "mcp-obsidian@1.0.0", args: ["."], files: { ".obsidian/app.json": "{}" } },
  { server: "discord", package: "mcp-discord@1.3.4", env: { DISCORD_TOKEN: anything } },
  { server: "youtube", package: "youtube-data-mcp-server@1.0.16", env: { YOUTUBE_API_KEY: anything } },
  {
    server: "grafana",
    package: "@leval/mcp-grafana@1.1.7",
    env: { GRAFANA_URL: "http://localhost", GRAFANA_API_KEY: anything },
  },
  { server: "terraform", package: "terraform-mcp-server@0.13.0" },
  {
    server: "n8n",
    package: "n8n-mcp@2.87.0",
    env: { MCP_MODE: "stdio", N8N_API_URL: "http://localhost", N8N_API_KEY: anything },
  },
  { server: "ssh", package: "ssh-mcp@2.11.0", args: ["--host=localhost", "--user=a"], env: { SSH_MCP_PASSWORD: "a" } },
  {
    server: "elasticsearch",
    package: "@elastic/mcp-server-elasticsearch@0.3.1",
    env: { ES_URL: "http://localhost:9200", ES_API_KEY: anything },
  },
  {
    server: "wordpress",
    package: "mcp-wordpress@3.3.35",
    env: {
      WORDPRESS_SITE_URL: "https://example.com",
      WORDPRESS_USERNAME: "a",
      WORDPRESS_APP_PASSWORD: "aaaa aaaa aaaa aaaa aaaa aaaa",
    },
  },
  { server: "search-console", package: "mcp-server-gsc@0.3.0", env: { GOOGLE_APPLICATION_CREDENTIALS: "/dev/null" } },
  { server: "excel", package: "@negokaz/excel-mcp-server@0.12.0" },
  {
    server: "home-assistant",
    package: "@coolver/home-assistant-mcp@3.2.31",
    env: { HA_AGENT_URL: "http://localhost", HA_AGENT_KEY: anything },
  },
  { server: "strava", package: "@r-huijts/strava-mcp-server@1.2.1", env: { STRAVA_ACCESS_TOKEN: anything } },
  {
    server: "salesforce",
    package: "@tsmztech/mcp-server-salesforce@0.0.6",
    env: { SALESFORCE_USERNAME: "a", SALESFORCE_PASSWORD: "a" },
  },
  { server: "vercel", package: "vercel-mcp@0.0.7", env: { VERCEL_API_KEY: anything } },
  { server: "docker", package: "docker-mcp@1.0.0" },
  {
    server: "mail",
    package: "mcp-mail-server@1.2.1",
    env: {
      IMAP_HOST: "localhost",
      IMAP_PORT: "993",
      IMAP_SECURE: "true",
      SMTP_HOST: "localhost",
      SMTP_PORT: "465",
      SMTP_SECURE: "true",
      EMAIL_USER: "a@example.com",
      EMAIL_PASS: "a",
    },
  },
  {
    server: "drive",
    package: "@piotr-agier/google-drive-mcp@2.10.0",
    env: { GOOGLE_DRIVE_OAUTH_CREDENTIALS: "client.json" },
    files: { "client.json": googleClient },
  },
];
