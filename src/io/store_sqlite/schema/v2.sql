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

-- Re-keying at intervals. Of keys that are in service already the chip's last change tells since
-- when: it was that they came into service.
ALTER TABLE centre_chip ADD COLUMN interval_from INTEGER NOT NULL DEFAULT 0;
UPDATE centre_chip SET interval_from = COALESCE(
    (SELECT changed FROM chip WHERE chip.iccid = centre_chip.iccid AND chip.state = 2), 0)
  WHERE work = 0 AND length(reset) = 0;
CREATE INDEX centre_chip_interval ON centre_chip (interval_from, iccid) WHERE interval_from <> 0;
)sql"
