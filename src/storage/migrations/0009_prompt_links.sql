-- Who wrote a prompt's link, with whose rights it is read, and what it led to then: by id, so that nothing of the same name takes its place.
CREATE TABLE prompt_links (
  prompt_id TEXT PRIMARY KEY REFERENCES resources (id) ON DELETE CASCADE,
  owner_id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  server_id TEXT NOT NULL
) STRICT;
