PRAGMA application_id = 1397312853;
PRAGMA user_version = 1;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE database_mark (
  id               INTEGER PRIMARY KEY CHECK (id = 1),
  database         BLOB    NOT NULL CHECK (length(database) = 16),
  generation       INTEGER NOT NULL,
  journal_sequence INTEGER NOT NULL
) STRICT;
INSERT INTO database_mark VALUES(1,X'e48aa6fbad374221e0b1128f99954e6a',41,3);
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
INSERT INTO audit VALUES(1,0,'a','b','c','d',X'0000000000000000000000000000000000000000000000000000000000000000',X'0000000000000000000000000000000000000000000000000000000000000000');
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
INSERT INTO number_range VALUES(1,18,894900000000000000,15,262010000000000,100,0,'note 1',1000);
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
INSERT INTO allocation VALUES(1,1,18,894900000000000000,15,262010000000000,50,'odd cards',X'0102030405060701','usim',2000);
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
INSERT INTO chip VALUES('8949000000000000018','262010000000001',X'0807060504030201',3,4,3,5,'491701000001','contract','order-1',11,12);
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
INSERT INTO chip_order VALUES('order-1','8949000000000000018',4,'contract 7','491701000001',2,X'5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a',2,1,3,21,22);
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
INSERT INTO hlr_subscriber VALUES('262010000000001','8949000000000000018','491701000001',2,7,2,9,X'a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5',0,1,0,1,0,'vlr-1','sgsn-2',1,0,31,32);
CREATE TABLE hlr_sequence (
  imsi         TEXT    PRIMARY KEY,
  reserved     INTEGER NOT NULL,
  peer_circuit TEXT    NOT NULL,
  peer_packet  TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO hlr_sequence VALUES('262010000000001',512,'vlr-1','');
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
INSERT INTO centre_chip VALUES('8949000000000000018','262010000000001',1,X'0909090909090909',2,3,X'111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111',4,X'222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222',X'333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333',5,4886718345,7,8,9,10,X'0102030000000000000000000000000000000000000000000000000000000000',11,X'4444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444',2,12,13,1,0);
CREATE TABLE api_answer (
  token   TEXT    NOT NULL,
  key     TEXT    NOT NULL,
  request BLOB    NOT NULL,
  status  INTEGER NOT NULL,
  body    TEXT    NOT NULL,
  at      INTEGER NOT NULL,
  PRIMARY KEY (token, key)
) STRICT, WITHOUT ROWID;
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
CREATE INDEX audit_subject ON audit (subject, sequence);
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
  BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
  BEGIN SELECT RAISE(ABORT, 'audit rows are never deleted'); END;
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
CREATE INDEX chip_state ON chip (state, iccid);
CREATE INDEX chip_allocation ON chip (allocation_id, iccid);
CREATE INDEX chip_contract ON chip (contract, iccid);
CREATE INDEX chip_order_iccid ON chip_order (iccid, created, id);
CREATE INDEX alarm_open ON alarm (id) WHERE acknowledged_at = 0;
CREATE INDEX hlr_remote_behind ON hlr_remote (imsi) WHERE confirmed < version;
CREATE INDEX centre_chip_open ON centre_chip (iccid)
  WHERE work <> 0 OR commit_unconfirmed <> 0 OR directory_behind <> 0;
CREATE INDEX api_answer_at ON api_answer (at);
COMMIT;
