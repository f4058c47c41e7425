-- Every sandbox, from before its create is sent until it is surely gone.
CREATE TABLE sandboxes (
  key text PRIMARY KEY,
  tenant text NOT NULL,
  provider text NOT NULL,
  place text NOT NULL,
  phase text NOT NULL CHECK (phase IN ('creating', 'running', 'removing')),
  wish text NOT NULL,   -- encrypted
  config text NOT NULL, -- encrypted
  instance_id text,
  token_hash text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Names the lease of the gateway that creates or removes the sandbox. Null: no gateway does, and until lease_until
  -- none begins to without a request for it.
  lease_holder text,
  lease_until timestamptz NOT NULL
);
-- Not unique, though it follows from the key: ON CONFLICT takes care of one unique index, not of two.
CREATE INDEX sandboxes_by_token ON sandboxes (token_hash);
CREATE INDEX sandboxes_by_instance ON sandboxes (instance_id);
CREATE INDEX sandboxes_unsettled ON sandboxes (lease_until) WHERE phase <> 'running';

-- Which gateway holds the connection of a sandbox's daemon.
CREATE TABLE routes (
  key text PRIMARY KEY REFERENCES sandboxes ON DELETE CASCADE,
  gateway text NOT NULL,
  daemon_url text NOT NULL,
  expires_at timestamptz NOT NULL
);

-- A text that is encrypted with the secret of all gateways: one that has another secret does not start.
CREATE TABLE secret_check (sealed text NOT NULL);
CREATE UNIQUE INDEX secret_check_is_one_row ON secret_check ((true));

-- Jobs that one gateway does at a time.
CREATE TABLE jobs (
  name text PRIMARY KEY,
  lease_holder text,
  lease_until timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO jobs (name) VALUES ('reaper');
