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

-- Re-keying at intervals. Of keys that are in service already the chip's last change tells since
-- when: it was that they came into service.
ALTER TABLE centre_chip ADD COLUMN interval_from bigint NOT NULL DEFAULT 0;
UPDATE centre_chip SET interval_from = COALESCE(
    (SELECT changed FROM chip WHERE chip.iccid = centre_chip.iccid AND chip.state = 2), 0)
  WHERE work = 0 AND length(reset) = 0;
CREATE INDEX centre_chip_interval ON centre_chip (interval_from, iccid) WHERE interval_from <> 0;
)sql"
