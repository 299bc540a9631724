R"sql(
-- From version 1 to 2: elements, campaigns and what is under way with them.

CREATE TABLE batch (
  id       INTEGER PRIMARY KEY CHECK (id BETWEEN 1 AND 65535),
  name     TEXT    NOT NULL UNIQUE,
  settings TEXT    NOT NULL,
  created  INTEGER NOT NULL
) STRICT;

-- Chips as campaigns number them: cold columns, loaded by key or page.
CREATE TABLE element (
  id           INTEGER PRIMARY KEY,
  iccid        TEXT    NOT NULL UNIQUE,
  msisdn       TEXT    UNIQUE,
  batch        INTEGER NOT NULL,
  source       INTEGER NOT NULL CHECK (source BETWEEN 1 AND 2),
  key_version  INTEGER NOT NULL,
  psk_identity TEXT    UNIQUE,
  sealed_keys  BLOB    NOT NULL,
  created      INTEGER NOT NULL
) STRICT;

-- The last counter towards an element with imported keys: hot and narrow.
CREATE TABLE element_counter (
  element INTEGER PRIMARY KEY,
  counter INTEGER NOT NULL
) STRICT;
)sql"
