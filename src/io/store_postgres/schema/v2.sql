R"sql(
-- From version 1 to 2: elements, campaigns and what is under way with them.

CREATE TABLE batch (
  id       bigint           PRIMARY KEY CHECK (id BETWEEN 1 AND 65535),
  name     text COLLATE "C" NOT NULL UNIQUE,
  settings text COLLATE "C" NOT NULL,
  created  bigint           NOT NULL
);

-- Chips as campaigns number them: cold columns, loaded by key or page.
CREATE TABLE element (
  id           bigint           PRIMARY KEY,
  iccid        text COLLATE "C" NOT NULL UNIQUE,
  msisdn       text COLLATE "C" UNIQUE,
  batch        bigint           NOT NULL,
  source       bigint           NOT NULL CHECK (source BETWEEN 1 AND 2),
  key_version  bigint           NOT NULL,
  psk_identity text COLLATE "C" UNIQUE,
  sealed_keys  bytea            NOT NULL,
  created      bigint           NOT NULL
);

-- The last counter towards an element with imported keys: hot and narrow.
CREATE TABLE element_counter (
  element bigint PRIMARY KEY,
  counter bigint NOT NULL
) WITH (fillfactor = 80);
)sql"
