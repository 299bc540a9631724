R"sql(
-- Simurgh's schema for SQLite, version 1. The first and last lines make this file a C++ string.
-- Times are milliseconds since 1970, flags 0 or 1, "none" of a unique number NULL, sealed columns
-- blobs of the key store. Ids are given by the application.

CREATE TABLE database_mark (
  id               INTEGER PRIMARY KEY CHECK (id = 1),
  database         BLOB    NOT NULL CHECK (length(database) = 16),
  generation       INTEGER NOT NULL,
  journal_sequence INTEGER NOT NULL
) STRICT;

-- Audit: rows are added, never changed.
CREATE TABLE audit (
  sequence INTEGER PRIMARY KEY,
  at       INTEGER NOT NULL,
  actor    TEXT    NOT NULL,
  action   TEXT    NOT NULL,
  subject  TEXT    NOT NULL,
  detail   TEXT    NOT NULL,
  previous BLOB    NOT NULL CHECK (length(previous) = 32),
  hash     BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX audit_subject ON audit (subject, sequence);
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
  BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
  BEGIN SELECT RAISE(ABORT, 'audit rows are never deleted'); END;

-- Number pool (row D1). Runs of numbers of one table never overlap: of all runs that begin before
-- a new one's end, the last one must end before the new one begins.
CREATE TABLE number_range (
  id           INTEGER PRIMARY KEY,
  iccid_digits INTEGER NOT NULL,
  iccid_first  INTEGER NOT NULL,
  imsi_digits  INTEGER NOT NULL,
  imsi_first   INTEGER NOT NULL,
  count        INTEGER NOT NULL CHECK (count > 0),
  allocated    INTEGER NOT NULL CHECK (allocated BETWEEN 0 AND count),
  note         TEXT    NOT NULL,
  created      INTEGER NOT NULL,
  UNIQUE (iccid_digits, iccid_first),
  UNIQUE (imsi_digits, imsi_first)
) STRICT;
CREATE TRIGGER number_range_overlap BEFORE INSERT ON number_range
  WHEN (SELECT iccid_first + count FROM number_range
          WHERE iccid_digits = NEW.iccid_digits AND iccid_first < NEW.iccid_first + NEW.count
          ORDER BY iccid_first DESC LIMIT 1) > NEW.iccid_first
    OR (SELECT imsi_first + count FROM number_range
          WHERE imsi_digits = NEW.imsi_digits AND imsi_first < NEW.imsi_first + NEW.count
          ORDER BY imsi_first DESC LIMIT 1) > NEW.imsi_first
  BEGIN SELECT RAISE(ABORT, 'the numbers are in another range'); END;
CREATE TRIGGER number_range_fixed BEFORE UPDATE ON number_range
  WHEN NEW.allocated < OLD.allocated OR NEW.id <> OLD.id
    OR NEW.iccid_digits <> OLD.iccid_digits OR NEW.iccid_first <> OLD.iccid_first
    OR NEW.imsi_digits <> OLD.imsi_digits OR NEW.imsi_first <> OLD.imsi_first
    OR NEW.count <> OLD.count
  BEGIN SELECT RAISE(ABORT, 'numbers that were given out stay given out'); END;

CREATE TABLE allocation (
  id           INTEGER PRIMARY KEY,
  range_id     INTEGER NOT NULL,
  iccid_digits INTEGER NOT NULL,
  iccid_first  INTEGER NOT NULL,
  imsi_digits  INTEGER NOT NULL,
  imsi_first   INTEGER NOT NULL,
  count        INTEGER NOT NULL CHECK (count > 0),
  manufacturer TEXT    NOT NULL,
  ver          BLOB    NOT NULL CHECK (length(ver) = 8),
  profile      TEXT    NOT NULL,
  created      INTEGER NOT NULL,
  UNIQUE (iccid_digits, iccid_first),
  UNIQUE (imsi_digits, imsi_first)
) STRICT;
CREATE TRIGGER allocation_overlap BEFORE INSERT ON allocation
  WHEN (SELECT iccid_first + count FROM allocation
          WHERE iccid_digits = NEW.iccid_digits AND iccid_first < NEW.iccid_first + NEW.count
          ORDER BY iccid_first DESC LIMIT 1) > NEW.iccid_first
    OR (SELECT imsi_first + count FROM allocation
          WHERE imsi_digits = NEW.imsi_digits AND imsi_first < NEW.imsi_first + NEW.count
          ORDER BY imsi_first DESC LIMIT 1) > NEW.imsi_first
  BEGIN SELECT RAISE(ABORT, 'the numbers are in another allocation'); END;
CREATE TRIGGER allocation_fixed BEFORE UPDATE ON allocation
  BEGIN SELECT RAISE(ABORT, 'an allocation is never changed'); END;
CREATE TRIGGER allocation_kept BEFORE DELETE ON allocation
  BEGIN SELECT RAISE(ABORT, 'an allocation is never deleted'); END;

CREATE TABLE card_profile (
  name            TEXT    PRIMARY KEY,
  algorithm       INTEGER NOT NULL,
  ki_octets       INTEGER NOT NULL,
  tuak_iterations INTEGER NOT NULL,
  suites          INTEGER NOT NULL,
  server_made_key INTEGER NOT NULL,
  legacy_1997     INTEGER NOT NULL,
  files           TEXT    NOT NULL
) STRICT;

CREATE TABLE revoked_version (
  ver    BLOB    PRIMARY KEY CHECK (length(ver) = 8),
  reason TEXT    NOT NULL,
  at     INTEGER NOT NULL
) STRICT;

-- Chips that were sold (row D4: an unsold one has no row anywhere).
CREATE TABLE chip (
  iccid               TEXT    PRIMARY KEY,
  imsi                TEXT    NOT NULL UNIQUE,
  ver                 BLOB    NOT NULL CHECK (length(ver) = 8),
  life                INTEGER NOT NULL,
  state               INTEGER NOT NULL CHECK (state BETWEEN 1 AND 6),
  state_before_freeze INTEGER NOT NULL,
  allocation_id       INTEGER NOT NULL,
  msisdn              TEXT    UNIQUE,
  contract            TEXT    NOT NULL,
  order_id            TEXT    NOT NULL,
  created             INTEGER NOT NULL,
  changed             INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX chip_state ON chip (state, iccid);
CREATE INDEX chip_allocation ON chip (allocation_id, iccid);
CREATE INDEX chip_contract ON chip (contract, iccid);

-- The hot column, in a narrow table without further indices.
CREATE TABLE chip_contact (
  iccid        TEXT    PRIMARY KEY,
  last_contact INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE chip_order (
  id              TEXT    PRIMARY KEY,
  iccid           TEXT    NOT NULL,
  life            INTEGER NOT NULL,
  contract        TEXT    NOT NULL,
  msisdn          TEXT    NOT NULL,
  code_kind       INTEGER NOT NULL,
  sealed_code     BLOB    NOT NULL,
  wrong_tries     INTEGER NOT NULL,
  server_made_key INTEGER NOT NULL,
  state           INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),
  created         INTEGER NOT NULL,
  changed         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX chip_order_iccid ON chip_order (iccid, created, id);

CREATE TABLE contract (
  id       TEXT    PRIMARY KEY,
  customer TEXT    NOT NULL,
  tariff   TEXT    NOT NULL,
  ended    INTEGER NOT NULL,
  created  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE alarm (
  id              INTEGER PRIMARY KEY,
  kind            INTEGER NOT NULL,
  subject         TEXT    NOT NULL,
  order_id        TEXT    NOT NULL,
  words           TEXT    NOT NULL,
  at              INTEGER NOT NULL,
  acknowledged_at INTEGER NOT NULL,
  acknowledged_by TEXT    NOT NULL
) STRICT;
CREATE INDEX alarm_open ON alarm (id) WHERE acknowledged_at = 0;

-- HLR and AuC.
CREATE TABLE hlr_subscriber (
  imsi            TEXT    PRIMARY KEY,
  iccid           TEXT    NOT NULL,
  msisdn          TEXT    UNIQUE,
  algorithm       INTEGER NOT NULL,
  tuak_iterations INTEGER NOT NULL,
  life            INTEGER NOT NULL,
  epoch           INTEGER NOT NULL,
  sealed_keys     BLOB    NOT NULL,
  imported        INTEGER NOT NULL,
  hotline         INTEGER NOT NULL,
  fenced          INTEGER NOT NULL,
  circuit_allowed INTEGER NOT NULL,
  packet_allowed  INTEGER NOT NULL,
  vlr             TEXT    NOT NULL,
  sgsn            TEXT    NOT NULL,
  purged_circuit  INTEGER NOT NULL,
  purged_packet   INTEGER NOT NULL,
  created         INTEGER NOT NULL,
  changed         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE hlr_sequence (
  imsi         TEXT    PRIMARY KEY,
  reserved     INTEGER NOT NULL,
  peer_circuit TEXT    NOT NULL,
  peer_packet  TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE hlr_peer_index (
  peer   TEXT    NOT NULL,
  domain INTEGER NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (peer, domain)
) STRICT, WITHOUT ROWID;

CREATE TABLE hlr_work (
  imsi   TEXT    NOT NULL,
  peer   TEXT    NOT NULL,
  domain INTEGER NOT NULL,
  kind   INTEGER NOT NULL,
  PRIMARY KEY (imsi, peer, domain, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE hlr_remote (
  imsi            TEXT    PRIMARY KEY,
  iccid           TEXT    NOT NULL,
  msisdn          TEXT    NOT NULL,
  algorithm       INTEGER NOT NULL,
  tuak_iterations INTEGER NOT NULL,
  life            INTEGER NOT NULL,
  epoch           INTEGER NOT NULL,
  sealed_keys     BLOB    NOT NULL,
  hotline         INTEGER NOT NULL,
  fenced          INTEGER NOT NULL,
  circuit_allowed INTEGER NOT NULL,
  packet_allowed  INTEGER NOT NULL,
  created         INTEGER NOT NULL,
  changed         INTEGER NOT NULL,
  present         INTEGER NOT NULL,
  version         INTEGER NOT NULL,
  confirmed       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX hlr_remote_behind ON hlr_remote (imsi) WHERE confirmed < version;

-- Security centre.
CREATE TABLE centre_chip (
  iccid                      TEXT    PRIMARY KEY,
  imsi                       TEXT    NOT NULL UNIQUE,
  life                       INTEGER NOT NULL,
  ver                        BLOB    NOT NULL,
  suites_allowed             INTEGER NOT NULL,
  active_epoch               INTEGER NOT NULL,
  active_secret              BLOB    NOT NULL,
  previous_epoch             INTEGER NOT NULL,
  previous_secret            BLOB    NOT NULL,
  puk_secret                 BLOB    NOT NULL,
  epoch_max                  INTEGER NOT NULL,
  counter_to_chip            INTEGER NOT NULL,
  counter_from_chip_active   INTEGER NOT NULL,
  counter_from_chip_previous INTEGER NOT NULL,
  attempt_last               INTEGER NOT NULL,
  attempt_epoch              INTEGER NOT NULL,
  m1_hash_last               BLOB    NOT NULL,
  chip_suites                INTEGER NOT NULL,
  reset                      BLOB    NOT NULL,
  work                       INTEGER NOT NULL,
  work_attempts              INTEGER NOT NULL,
  work_next_try              INTEGER NOT NULL,
  commit_unconfirmed         INTEGER NOT NULL,
  directory_behind           INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX centre_chip_open ON centre_chip (iccid)
  WHERE work <> 0 OR commit_unconfirmed <> 0 OR directory_behind <> 0;

-- REST interface.
CREATE TABLE api_answer (
  token   TEXT    NOT NULL,
  key     TEXT    NOT NULL,
  request BLOB    NOT NULL,
  status  INTEGER NOT NULL,
  body    TEXT    NOT NULL,
  at      INTEGER NOT NULL,
  PRIMARY KEY (token, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX api_answer_at ON api_answer (at);

CREATE TABLE api_manufacturer (
  name                 TEXT    PRIMARY KEY,
  transport_public_key BLOB    NOT NULL,
  created              INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE api_delivery (
  allocation   INTEGER PRIMARY KEY,
  made         INTEGER NOT NULL,
  chips_sha256 BLOB    NOT NULL,
  token        TEXT    NOT NULL,
  at           INTEGER NOT NULL
) STRICT;
)sql"
