R"sql(
-- Simurgh's schema for PostgreSQL, version 1. The first and last lines make this file a C++ string.
-- Times are milliseconds since 1970, flags 0 or 1, "none" of a unique number NULL, sealed columns
-- blobs of the key store. Ids are given by the application: no sequences. Texts compare by octets.
--
-- What is kept for a chip has the chip's ICCID or IMSI first in its primary key, no foreign key
-- points from one chip's rows to another's, and joins are on that key alone, so that the tables can
-- be distributed by it. Tables that change with the traffic leave room in their pages (fillfactor)
-- and have no index on what changes, so that a new version of a row stays in its page.

CREATE TABLE database_mark (
  id               bigint PRIMARY KEY CHECK (id = 1),
  database         bytea  NOT NULL CHECK (octet_length(database) = 16),
  generation       bigint NOT NULL,
  journal_sequence bigint NOT NULL,
  schema_version   bigint NOT NULL,
  lease            bigint NOT NULL  -- who may commit: raised by whoever takes the database over
) WITH (fillfactor = 10);

-- Audit: rows are added, never changed.
CREATE TABLE audit (
  sequence bigint           PRIMARY KEY,
  at       bigint           NOT NULL,
  actor    text COLLATE "C" NOT NULL,
  action   text COLLATE "C" NOT NULL,
  subject  text COLLATE "C" NOT NULL,
  detail   text COLLATE "C" NOT NULL,
  previous bytea            NOT NULL CHECK (octet_length(previous) = 32),
  hash     bytea            NOT NULL CHECK (octet_length(hash) = 32)
);
CREATE INDEX audit_subject ON audit (subject, sequence);
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
  FOR EACH ROW EXECUTE FUNCTION refuse('audit rows are never changed');
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
  FOR EACH ROW EXECUTE FUNCTION refuse('audit rows are never deleted');
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION refuse('audit rows are never deleted');

-- Number pool (row D1). Runs of numbers of one table never overlap: of all runs that begin before
-- a new one's end, the last one must end before the new one begins.
CREATE TABLE number_range (
  id           bigint           PRIMARY KEY,
  iccid_digits bigint           NOT NULL,
  iccid_first  bigint           NOT NULL,
  imsi_digits  bigint           NOT NULL,
  imsi_first   bigint           NOT NULL,
  count        bigint           NOT NULL CHECK (count > 0),
  allocated    bigint           NOT NULL CHECK (allocated BETWEEN 0 AND count),
  note         text COLLATE "C" NOT NULL,
  created      bigint           NOT NULL,
  UNIQUE (iccid_digits, iccid_first),
  UNIQUE (imsi_digits, imsi_first)
);
CREATE FUNCTION number_range_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT iccid_first + count FROM simurgh.number_range
        WHERE iccid_digits = NEW.iccid_digits AND iccid_first < NEW.iccid_first + NEW.count
        ORDER BY iccid_first DESC LIMIT 1) > NEW.iccid_first
    OR (SELECT imsi_first + count FROM simurgh.number_range
        WHERE imsi_digits = NEW.imsi_digits AND imsi_first < NEW.imsi_first + NEW.count
        ORDER BY imsi_first DESC LIMIT 1) > NEW.imsi_first
  THEN
    RAISE EXCEPTION 'the numbers are in another range' USING ERRCODE = 'exclusion_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER number_range_overlap BEFORE INSERT ON number_range
  FOR EACH ROW EXECUTE FUNCTION number_range_overlap();
CREATE TRIGGER number_range_fixed BEFORE UPDATE ON number_range FOR EACH ROW
  WHEN (NEW.allocated < OLD.allocated OR NEW.id <> OLD.id
    OR NEW.iccid_digits <> OLD.iccid_digits OR NEW.iccid_first <> OLD.iccid_first
    OR NEW.imsi_digits <> OLD.imsi_digits OR NEW.imsi_first <> OLD.imsi_first
    OR NEW.count <> OLD.count)
  EXECUTE FUNCTION refuse('numbers that were given out stay given out');

CREATE TABLE allocation (
  id           bigint           PRIMARY KEY,
  range_id     bigint           NOT NULL,
  iccid_digits bigint           NOT NULL,
  iccid_first  bigint           NOT NULL,
  imsi_digits  bigint           NOT NULL,
  imsi_first   bigint           NOT NULL,
  count        bigint           NOT NULL CHECK (count > 0),
  manufacturer text COLLATE "C" NOT NULL,
  ver          bytea            NOT NULL CHECK (octet_length(ver) = 8),
  profile      text COLLATE "C" NOT NULL,
  created      bigint           NOT NULL,
  UNIQUE (iccid_digits, iccid_first),
  UNIQUE (imsi_digits, imsi_first)
);
CREATE FUNCTION allocation_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT iccid_first + count FROM simurgh.allocation
        WHERE iccid_digits = NEW.iccid_digits AND iccid_first < NEW.iccid_first + NEW.count
        ORDER BY iccid_first DESC LIMIT 1) > NEW.iccid_first
    OR (SELECT imsi_first + count FROM simurgh.allocation
        WHERE imsi_digits = NEW.imsi_digits AND imsi_first < NEW.imsi_first + NEW.count
        ORDER BY imsi_first DESC LIMIT 1) > NEW.imsi_first
  THEN
    RAISE EXCEPTION 'the numbers are in another allocation' USING ERRCODE = 'exclusion_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER allocation_overlap BEFORE INSERT ON allocation
  FOR EACH ROW EXECUTE FUNCTION allocation_overlap();
CREATE TRIGGER allocation_fixed BEFORE UPDATE ON allocation
  FOR EACH ROW EXECUTE FUNCTION refuse('an allocation is never changed');
CREATE TRIGGER allocation_kept BEFORE DELETE ON allocation
  FOR EACH ROW EXECUTE FUNCTION refuse('an allocation is never deleted');
CREATE TRIGGER allocation_kept_whole BEFORE TRUNCATE ON allocation
  FOR EACH STATEMENT EXECUTE FUNCTION refuse('an allocation is never deleted');

CREATE TABLE card_profile (
  name            text COLLATE "C" PRIMARY KEY,
  algorithm       bigint           NOT NULL,
  ki_octets       bigint           NOT NULL,
  tuak_iterations bigint           NOT NULL,
  suites          bigint           NOT NULL,
  server_made_key bigint           NOT NULL,
  legacy_1997     bigint           NOT NULL,
  files           text COLLATE "C" NOT NULL
);

CREATE TABLE revoked_version (
  ver    bytea            PRIMARY KEY CHECK (octet_length(ver) = 8),
  reason text COLLATE "C" NOT NULL,
  at     bigint           NOT NULL
);

-- Chips that were sold (row D4: an unsold one has no row anywhere).
CREATE TABLE chip (
  iccid               text COLLATE "C" PRIMARY KEY,
  imsi                text COLLATE "C" NOT NULL UNIQUE,
  ver                 bytea            NOT NULL CHECK (octet_length(ver) = 8),
  life                bigint           NOT NULL,
  state               bigint           NOT NULL CHECK (state BETWEEN 1 AND 6),
  state_before_freeze bigint           NOT NULL,
  allocation_id       bigint           NOT NULL,
  msisdn              text COLLATE "C" UNIQUE,
  contract            text COLLATE "C" NOT NULL,
  order_id            text COLLATE "C" NOT NULL,
  created             bigint           NOT NULL,
  changed             bigint           NOT NULL
);
CREATE INDEX chip_state ON chip (state, iccid);
CREATE INDEX chip_allocation ON chip (allocation_id, iccid);
CREATE INDEX chip_contract ON chip (contract, iccid);

-- The hot column, in a narrow table without further indices.
CREATE TABLE chip_contact (
  iccid        text COLLATE "C" PRIMARY KEY,
  last_contact bigint           NOT NULL
) WITH (fillfactor = 80);

CREATE TABLE chip_order (
  id              text COLLATE "C" PRIMARY KEY,
  iccid           text COLLATE "C" NOT NULL,
  life            bigint           NOT NULL,
  contract        text COLLATE "C" NOT NULL,
  msisdn          text COLLATE "C" NOT NULL,
  code_kind       bigint           NOT NULL,
  sealed_code     bytea            NOT NULL,
  wrong_tries     bigint           NOT NULL,
  server_made_key bigint           NOT NULL,
  state           bigint           NOT NULL CHECK (state BETWEEN 1 AND 4),
  created         bigint           NOT NULL,
  changed         bigint           NOT NULL
);
CREATE INDEX chip_order_iccid ON chip_order (iccid, created, id);

CREATE TABLE contract (
  id       text COLLATE "C" PRIMARY KEY,
  customer text COLLATE "C" NOT NULL,
  tariff   text COLLATE "C" NOT NULL,
  ended    bigint           NOT NULL,
  created  bigint           NOT NULL
);

CREATE TABLE alarm (
  id              bigint           PRIMARY KEY,
  kind            bigint           NOT NULL,
  subject         text COLLATE "C" NOT NULL,
  order_id        text COLLATE "C" NOT NULL,
  words           text COLLATE "C" NOT NULL,
  at              bigint           NOT NULL,
  acknowledged_at bigint           NOT NULL,
  acknowledged_by text COLLATE "C" NOT NULL
);
CREATE INDEX alarm_open ON alarm (id) WHERE acknowledged_at = 0;

-- HLR and AuC.
CREATE TABLE hlr_subscriber (
  imsi            text COLLATE "C" PRIMARY KEY,
  iccid           text COLLATE "C" NOT NULL,
  msisdn          text COLLATE "C" UNIQUE,
  algorithm       bigint           NOT NULL,
  tuak_iterations bigint           NOT NULL,
  life            bigint           NOT NULL,
  epoch           bigint           NOT NULL,
  sealed_keys     bytea            NOT NULL,
  imported        bigint           NOT NULL,
  hotline         bigint           NOT NULL,
  fenced          bigint           NOT NULL,
  circuit_allowed bigint           NOT NULL,
  packet_allowed  bigint           NOT NULL,
  vlr             text COLLATE "C" NOT NULL,
  sgsn            text COLLATE "C" NOT NULL,
  purged_circuit  bigint           NOT NULL,
  purged_packet   bigint           NOT NULL,
  created         bigint           NOT NULL,
  changed         bigint           NOT NULL
) WITH (fillfactor = 80);

CREATE TABLE hlr_sequence (
  imsi         text COLLATE "C" PRIMARY KEY,
  reserved     bigint           NOT NULL,
  peer_circuit text COLLATE "C" NOT NULL,
  peer_packet  text COLLATE "C" NOT NULL
) WITH (fillfactor = 80);

CREATE TABLE hlr_peer_index (
  peer   text COLLATE "C" NOT NULL,
  domain bigint           NOT NULL,
  number bigint           NOT NULL,
  PRIMARY KEY (peer, domain)
);

CREATE TABLE hlr_work (
  imsi   text COLLATE "C" NOT NULL,
  peer   text COLLATE "C" NOT NULL,
  domain bigint           NOT NULL,
  kind   bigint           NOT NULL,
  PRIMARY KEY (imsi, peer, domain, kind)
);

CREATE TABLE hlr_remote (
  imsi            text COLLATE "C" PRIMARY KEY,
  iccid           text COLLATE "C" NOT NULL,
  msisdn          text COLLATE "C" NOT NULL,
  algorithm       bigint           NOT NULL,
  tuak_iterations bigint           NOT NULL,
  life            bigint           NOT NULL,
  epoch           bigint           NOT NULL,
  sealed_keys     bytea            NOT NULL,
  hotline         bigint           NOT NULL,
  fenced          bigint           NOT NULL,
  circuit_allowed bigint           NOT NULL,
  packet_allowed  bigint           NOT NULL,
  created         bigint           NOT NULL,
  changed         bigint           NOT NULL,
  present         bigint           NOT NULL,
  version         bigint           NOT NULL,
  confirmed       bigint           NOT NULL
);
CREATE INDEX hlr_remote_behind ON hlr_remote (imsi) WHERE confirmed < version;

-- Security centre.
CREATE TABLE centre_chip (
  iccid                      text COLLATE "C" PRIMARY KEY,
  imsi                       text COLLATE "C" NOT NULL UNIQUE,
  life                       bigint           NOT NULL,
  ver                        bytea            NOT NULL,
  suites_allowed             bigint           NOT NULL,
  active_epoch               bigint           NOT NULL,
  active_secret              bytea            NOT NULL,
  previous_epoch             bigint           NOT NULL,
  previous_secret            bytea            NOT NULL,
  puk_secret                 bytea            NOT NULL,
  epoch_max                  bigint           NOT NULL,
  counter_to_chip            bigint           NOT NULL,
  counter_from_chip_active   bigint           NOT NULL,
  counter_from_chip_previous bigint           NOT NULL,
  attempt_last               bigint           NOT NULL,
  attempt_epoch              bigint           NOT NULL,
  m1_hash_last               bytea            NOT NULL,
  chip_suites                bigint           NOT NULL,
  reset                      bytea            NOT NULL,
  work                       bigint           NOT NULL,
  work_attempts              bigint           NOT NULL,
  work_next_try              bigint           NOT NULL,
  commit_unconfirmed         bigint           NOT NULL,
  directory_behind           bigint           NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX centre_chip_open ON centre_chip (iccid)
  WHERE work <> 0 OR commit_unconfirmed <> 0 OR directory_behind <> 0;

-- REST interface.
CREATE TABLE api_answer (
  token   text COLLATE "C" NOT NULL,
  key     text COLLATE "C" NOT NULL,
  request bytea            NOT NULL,
  status  bigint           NOT NULL,
  body    text COLLATE "C" NOT NULL,
  at      bigint           NOT NULL,
  PRIMARY KEY (token, key)
);
CREATE INDEX api_answer_at ON api_answer (at);

CREATE TABLE api_manufacturer (
  name                 text COLLATE "C" PRIMARY KEY,
  transport_public_key bytea            NOT NULL,
  created              bigint           NOT NULL
);

CREATE TABLE api_delivery (
  allocation   bigint           PRIMARY KEY,
  made         bigint           NOT NULL,
  chips_sha256 bytea            NOT NULL,
  token        text COLLATE "C" NOT NULL,
  at           bigint           NOT NULL
);
)sql"
