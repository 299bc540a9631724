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

-- Chips that were sold before there were elements: the server takes them up when it starts.
CREATE TABLE chip_without_element (
  iccid TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
INSERT INTO chip_without_element SELECT iccid FROM chip;

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

-- Whom a campaign concerns, what it does and how, as write_terms() gives it: up to 4 MiB, so apart
-- from what changes with every batch of outcomes.
CREATE TABLE campaign_terms (
  campaign INTEGER PRIMARY KEY,
  terms    BLOB    NOT NULL
) STRICT;

-- failed_for: one number of eight octets for each reason; fronts as write_fronts() gives them.
CREATE TABLE campaign (
  id           INTEGER PRIMARY KEY CHECK (id >= 1),
  name         TEXT    NOT NULL,
  state        INTEGER NOT NULL CHECK (state BETWEEN 1 AND 8),
  created_by   TEXT    NOT NULL,
  approved_by  TEXT    NOT NULL,
  created      INTEGER NOT NULL,
  begun        INTEGER NOT NULL,
  changed      INTEGER NOT NULL,
  run          INTEGER NOT NULL,
  wave         INTEGER NOT NULL,
  wave_reached INTEGER NOT NULL,
  total        INTEGER NOT NULL,
  triggers     INTEGER NOT NULL,
  offers       INTEGER NOT NULL,
  done         INTEGER NOT NULL,
  failed       INTEGER NOT NULL,
  silent       INTEGER NOT NULL,
  waiting      INTEGER NOT NULL,
  given_up     INTEGER NOT NULL,
  polled       INTEGER NOT NULL,
  triggered    INTEGER NOT NULL,
  failed_for   BLOB    NOT NULL,
  fronts       BLOB    NOT NULL
) STRICT;

-- Uploaded lists.
CREATE TABLE campaign_member (
  campaign INTEGER NOT NULL,
  element  INTEGER NOT NULL,
  PRIMARY KEY (campaign, element)
) STRICT, WITHOUT ROWID;

-- What came of a campaign at an element, once something did: hot and narrow, no other index.
CREATE TABLE campaign_outcome (
  at_s     INTEGER NOT NULL,
  campaign INTEGER NOT NULL,
  element  INTEGER NOT NULL,
  progress INTEGER NOT NULL CHECK (progress BETWEEN 0 AND 5),
  triggers INTEGER NOT NULL,
  offers   INTEGER NOT NULL,
  reason   INTEGER NOT NULL CHECK (reason BETWEEN 0 AND 15),
  run      INTEGER NOT NULL,
  PRIMARY KEY (campaign, element)
) STRICT, WITHOUT ROWID;

-- The population's hot columns: replaced with every contact.
CREATE TABLE element_state (
  last_contact_s INTEGER NOT NULL,
  next_poll_s    INTEGER NOT NULL,
  element        INTEGER PRIMARY KEY,
  batch          INTEGER NOT NULL,
  release        INTEGER NOT NULL,
  life           INTEGER NOT NULL CHECK (life BETWEEN 0 AND 2)
) STRICT;

-- What the chips of the security centre call themselves in TLS. Rows of version 1 are filled in by
-- the server when it starts: it needs their secrets for that.
ALTER TABLE centre_chip ADD COLUMN active_identity TEXT;
ALTER TABLE centre_chip ADD COLUMN previous_identity TEXT;
CREATE UNIQUE INDEX centre_chip_active_identity ON centre_chip (active_identity);
CREATE UNIQUE INDEX centre_chip_previous_identity ON centre_chip (previous_identity);

-- The session of an element (remote_admin::SessionRecord), and how far campaigns are at it.
CREATE TABLE element_session (
  element INTEGER PRIMARY KEY,
  record  BLOB    NOT NULL
) STRICT;

CREATE TABLE element_work (
  element    INTEGER NOT NULL,
  campaign   INTEGER NOT NULL,
  run        INTEGER NOT NULL,
  phase      INTEGER NOT NULL CHECK (phase BETWEEN 1 AND 5),
  step       INTEGER NOT NULL,
  rounds     INTEGER NOT NULL,
  cut        INTEGER NOT NULL,
  base_epoch INTEGER NOT NULL,
  counter    INTEGER NOT NULL,
  doubted    INTEGER NOT NULL,
  PRIMARY KEY (element, campaign)
) STRICT;
)sql"
