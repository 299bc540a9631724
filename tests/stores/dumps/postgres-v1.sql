--
-- PostgreSQL database dump
--


-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: simurgh; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA simurgh;


--
-- Name: allocation_overlap(); Type: FUNCTION; Schema: simurgh; Owner: -
--

CREATE FUNCTION simurgh.allocation_overlap() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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


--
-- Name: number_range_overlap(); Type: FUNCTION; Schema: simurgh; Owner: -
--

CREATE FUNCTION simurgh.number_range_overlap() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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


--
-- Name: refuse(); Type: FUNCTION; Schema: simurgh; Owner: -
--

CREATE FUNCTION simurgh.refuse() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END $$;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: alarm; Type: TABLE; Schema: simurgh; Owner: -
--

CREATE TABLE simurgh.alarm (
    id bigint NOT NULL,
    kind bigint NOT NULL,
    subject text NOT NULL COLLATE pg_catalog."C",
    order_id text NOT NULL COLLATE pg_catalog."C",
    words text NOT NULL COLLATE pg_catalog."C",
    at bigint NOT NULL,
    acknowledged_at bigint NOT NULL,
    acknowledged_by text NOT NULL COLLATE pg_catalog."C"
);


--
-- Name: allocation; Type: TABLE; Schema: simurgh; Owner: -
--

CREATE TABLE simurgh.allocation (
    id bigint NOT NULL,
    range_id bigint NOT NULL,
    iccid_digits bigint NOT NULL,
    iccid_first bigint NOT NULL,
    imsi_digits bigint NOT NULL,
    imsi_first bigint NOT NULL,
    count bigint NOT NULL,
    manufacturer text NOT NULL COLLATE pg_catalog."C",
    ver bytea NOT NULL,
    profile text NOT NULL COLLATE pg_catalog."C",
    created bigint NOT NULL,
    CONSTRAINT allocation_count_check CHECK ((count > 0)),
    CONSTRAINT allocation_ver_check CHECK ((octet_length(ver) = 8))
);


--
-- Name: api_answer; Type: TABLE; Schema: simurgh; Owner: -
--

CREATE TABLE simurgh.api_answer (
    token text NOT NULL COLLATE pg_catalog."C",
    key text NOT NULL COLLATE pg_catalog."C",
    request bytea NOT NULL,
    status bigint NOT NULL,
    body text NOT NULL COLLATE pg_catalog."C",
    at bigint NOT NULL
);


--
-- Name: api_delivery; Type: TABLE; Schema: simurgh; Owner: -
--

CREATE TABLE simurgh.api_delivery (
    allocation bigint NOT NULL,
    made bigint NOT NULL,
    chips_sha256 bytea NOT NULL,
    token text NOT NULL COLLATE pg_catalog."C",
    at bigint NOT NULL
);


--
-- Name: api_manufacturer; Type: TABLE; Schema: simurgh; Owner: -
--

CREATE TABLE simurgh.api_manufacturer (
    name text NOT NULL COLLATE pg_catalog."C",
    transport_public_key bytea NOT NULL,
    created bigint NOT NULL
);


--
-- Name: audit; Type: TABLE; Schema: simurgh; Owner: -
--

CREATE TABLE simurgh.audit (
    sequence bigint NOT NULL,
    at bigint NOT NULL,
    actor text NOT NULL COLLATE pg_catalog."C",
    action text NOT NULL COLLATE pg_catalog."C",
    subject text NOT NULL COLLATE pg_catalog."C",
    detail text NOT NULL COLLATE pg_catalog."C",
    previous bytea NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT audit_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT audit_previous_check CHECK ((octet_length(previous) = 32))
);


--
-- Name: card_profile; Type: TABLE; Schema: simurgh; Owner: -
--

CREATE TABLE simurgh.card_profile (
    name text NOT NULL COLLATE pg_catalog."C",
    algorithm bigint NOT NULL,
    ki_octets bigint NOT NULL,
    tuak_iterations bigint NOT NULL,
    suites bigint NOT NULL,
    server_made_key bigint NOT NULL,
    legacy_1997 bigint NOT NULL,
    files text NOT NULL COLLATE pg_catalog."C"
);


--
-- Name: centre_chip; Type: TABLE; Schema: simurgh; Owner: -
--

CREATE TABLE simurgh.centre_chip (
    iccid text NOT NULL COLLATE pg_catalog."C",
    imsi text NOT NULL COLLATE pg_catalog."C",
    life bigint NOT NULL,
    ver bytea NOT NULL,
    suites_allowed bigint NOT NULL,
    active_epoch bigint NOT NULL,
    active_secret bytea NOT NULL,
    previous_epoch bigint NOT NULL,
    previous_secret bytea NOT NULL,
    puk_secret bytea NOT NULL,
    epoch_max bigint NOT NULL,
    counter_to_chip bigint NOT NULL,
    counter_from_chip_active bigint NOT NULL,
    counter_from_chip_previous bigint NOT NULL,
    attempt_last bigint NOT NULL,
    attempt_epoch bigint NOT NULL,
    m1_hash_last bytea NOT NULL,
    chip_suites bigint NOT NULL,
    reset bytea NOT NULL,
    work bigint NOT NULL,
    work_attempts bigint NOT NULL,
    work_next_try bigint NOT NULL,
    commit_unconfirmed bigint NOT NULL,
    directory_behind bigint NOT NULL
)
WITH (fillfactor='80');


--
-- Name: chip; Type: TABLE; Schema: simurgh; Owner: -
--

CREATE TABLE simurgh.chip (
    iccid text NOT NULL COLLATE pg_catalog."C",
    imsi text NOT NULL COLLATE pg_catalog."C",
    ver bytea NOT NULL,
    life bigint NOT NULL,
    state bigint NOT NULL,
    state_before_freeze bigint NOT NULL,
    allocation_id bigint NOT NULL,
    msisdn text COLLATE pg_catalog."C",
    contract text NOT NULL COLLATE pg_catalog."C",
    order_id text NOT NULL COLLATE pg_catalog."C",
    created bigint NOT NULL,
    changed bigint NOT NULL,
    CONSTRAINT chip_state_check CHECK (((state >= 1) AND (state <= 6))),
    CONSTRAINT chip_ver_check CHECK ((octet_length(ver) = 8))
);


--
-- Name: chip_contact; Type: TABLE; Schema: simurgh; Owner: -
--

CREATE TABLE simurgh.chip_contact (
    iccid text NOT NULL COLLATE pg_catalog."C",
    last_contact bigint NOT NULL
)
WITH (fillfactor='80');


--
-- Name: chip_order; Type: TABLE; Schema: simurgh; Owner: -
--

CREATE TABLE simurgh.chip_order (
    id text NOT NULL COLLATE pg_catalog."C",
    iccid text NOT NULL COLLATE pg_catalog."C",
    life bigint NOT NULL,
    contract text NOT NULL COLLATE pg_catalog."C",
    msisdn text NOT NULL COLLATE pg_catalog."C",
    code_kind bigint NOT NULL,
    sealed_code bytea NOT NULL,
    wrong_tries bigint NOT NULL,
    server_made_key bigint NOT NULL,
    state bigint NOT NULL,
    created bigint NOT NULL,
    changed bigint NOT NULL,
    CONSTRAINT chip_order_state_check CHECK (((state >= 1) AND (state <= 4)))
);


--
-- Name: contract; Type: TABLE; Schema: simurgh; Owner: -
--

CREATE TABLE simurgh.contract (
    id text NOT NULL COLLATE pg_catalog."C",
    customer text NOT NULL COLLATE pg_catalog."C",
    tariff text NOT NULL COLLATE pg_catalog."C",
    ended bigint NOT NULL,
    created bigint NOT NULL
);


--
-- Name: database_mark; Type: TABLE; Schema: simurgh; Owner: -
--

CREATE TABLE simurgh.database_mark (
    id bigint NOT NULL,
    database bytea NOT NULL,
    generation bigint NOT NULL,
    journal_sequence bigint NOT NULL,
    schema_version bigint NOT NULL,
    lease bigint NOT NULL,
    CONSTRAINT database_mark_database_check CHECK ((octet_length(database) = 16)),
    CONSTRAINT database_mark_id_check CHECK ((id = 1))
)
WITH (fillfactor='10');


--
-- Name: hlr_peer_index; Type: TABLE; Schema: simurgh; Owner: -
--

CREATE TABLE simurgh.hlr_peer_index (
    peer text NOT NULL COLLATE pg_catalog."C",
    domain bigint NOT NULL,
    number bigint NOT NULL
);


--
-- Name: hlr_remote; Type: TABLE; Schema: simurgh; Owner: -
--

CREATE TABLE simurgh.hlr_remote (
    imsi text NOT NULL COLLATE pg_catalog."C",
    iccid text NOT NULL COLLATE pg_catalog."C",
    msisdn text NOT NULL COLLATE pg_catalog."C",
    algorithm bigint NOT NULL,
    tuak_iterations bigint NOT NULL,
    life bigint NOT NULL,
    epoch bigint NOT NULL,
    sealed_keys bytea NOT NULL,
    hotline bigint NOT NULL,
    fenced bigint NOT NULL,
    circuit_allowed bigint NOT NULL,
    packet_allowed bigint NOT NULL,
    created bigint NOT NULL,
    changed bigint NOT NULL,
    present bigint NOT NULL,
    version bigint NOT NULL,
    confirmed bigint NOT NULL
);


--
-- Name: hlr_sequence; Type: TABLE; Schema: simurgh; Owner: -
--

CREATE TABLE simurgh.hlr_sequence (
    imsi text NOT NULL COLLATE pg_catalog."C",
    reserved bigint NOT NULL,
    peer_circuit text NOT NULL COLLATE pg_catalog."C",
    peer_packet text NOT NULL COLLATE pg_catalog."C"
)
WITH (fillfactor='80');


--
-- Name: hlr_subscriber; Type: TABLE; Schema: simurgh; Owner: -
--

CREATE TABLE simurgh.hlr_subscriber (
    imsi text NOT NULL COLLATE pg_catalog."C",
    iccid text NOT NULL COLLATE pg_catalog."C",
    msisdn text COLLATE pg_catalog."C",
    algorithm bigint NOT NULL,
    tuak_iterations bigint NOT NULL,
    life bigint NOT NULL,
    epoch bigint NOT NULL,
    sealed_keys bytea NOT NULL,
    imported bigint NOT NULL,
    hotline bigint NOT NULL,
    fenced bigint NOT NULL,
    circuit_allowed bigint NOT NULL,
    packet_allowed bigint NOT NULL,
    vlr text NOT NULL COLLATE pg_catalog."C",
    sgsn text NOT NULL COLLATE pg_catalog."C",
    purged_circuit bigint NOT NULL,
    purged_packet bigint NOT NULL,
    created bigint NOT NULL,
    changed bigint NOT NULL
)
WITH (fillfactor='80');


--
-- Name: hlr_work; Type: TABLE; Schema: simurgh; Owner: -
--

CREATE TABLE simurgh.hlr_work (
    imsi text NOT NULL COLLATE pg_catalog."C",
    peer text NOT NULL COLLATE pg_catalog."C",
    domain bigint NOT NULL,
    kind bigint NOT NULL
);


--
-- Name: number_range; Type: TABLE; Schema: simurgh; Owner: -
--

CREATE TABLE simurgh.number_range (
    id bigint NOT NULL,
    iccid_digits bigint NOT NULL,
    iccid_first bigint NOT NULL,
    imsi_digits bigint NOT NULL,
    imsi_first bigint NOT NULL,
    count bigint NOT NULL,
    allocated bigint NOT NULL,
    note text NOT NULL COLLATE pg_catalog."C",
    created bigint NOT NULL,
    CONSTRAINT number_range_check CHECK (((allocated >= 0) AND (allocated <= count))),
    CONSTRAINT number_range_count_check CHECK ((count > 0))
);


--
-- Name: revoked_version; Type: TABLE; Schema: simurgh; Owner: -
--

CREATE TABLE simurgh.revoked_version (
    ver bytea NOT NULL,
    reason text NOT NULL COLLATE pg_catalog."C",
    at bigint NOT NULL,
    CONSTRAINT revoked_version_ver_check CHECK ((octet_length(ver) = 8))
);


--
-- Data for Name: alarm; Type: TABLE DATA; Schema: simurgh; Owner: -
--



--
-- Data for Name: allocation; Type: TABLE DATA; Schema: simurgh; Owner: -
--

INSERT INTO simurgh.allocation VALUES (1, 1, 18, 894900000000000000, 15, 262010000000000, 50, 'odd cards', '\x0102030405060701', 'usim', 2000);


--
-- Data for Name: api_answer; Type: TABLE DATA; Schema: simurgh; Owner: -
--



--
-- Data for Name: api_delivery; Type: TABLE DATA; Schema: simurgh; Owner: -
--



--
-- Data for Name: api_manufacturer; Type: TABLE DATA; Schema: simurgh; Owner: -
--



--
-- Data for Name: audit; Type: TABLE DATA; Schema: simurgh; Owner: -
--

INSERT INTO simurgh.audit VALUES (1, 0, 'a', 'b', 'c', 'd', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x0000000000000000000000000000000000000000000000000000000000000000');


--
-- Data for Name: card_profile; Type: TABLE DATA; Schema: simurgh; Owner: -
--



--
-- Data for Name: centre_chip; Type: TABLE DATA; Schema: simurgh; Owner: -
--

INSERT INTO simurgh.centre_chip VALUES ('8949000000000000018', '262010000000001', 1, '\x0909090909090909', 2, 3, '\x111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111', 4, '\x222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222', '\x333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333', 5, 4886718345, 7, 8, 9, 10, '\x0102030000000000000000000000000000000000000000000000000000000000', 11, '\x4444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444', 2, 12, 13, 1, 0);


--
-- Data for Name: chip; Type: TABLE DATA; Schema: simurgh; Owner: -
--

INSERT INTO simurgh.chip VALUES ('8949000000000000018', '262010000000001', '\x0807060504030201', 3, 4, 3, 5, '491701000001', 'contract', 'order-1', 11, 12);


--
-- Data for Name: chip_contact; Type: TABLE DATA; Schema: simurgh; Owner: -
--



--
-- Data for Name: chip_order; Type: TABLE DATA; Schema: simurgh; Owner: -
--

INSERT INTO simurgh.chip_order VALUES ('order-1', '8949000000000000018', 4, 'contract 7', '491701000001', 2, '\x5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a', 2, 1, 3, 21, 22);


--
-- Data for Name: contract; Type: TABLE DATA; Schema: simurgh; Owner: -
--



--
-- Data for Name: database_mark; Type: TABLE DATA; Schema: simurgh; Owner: -
--

INSERT INTO simurgh.database_mark VALUES (1, '\xe48aa6fbad374221e0b1128f99954e6a', 41, 3, 1, 1);


--
-- Data for Name: hlr_peer_index; Type: TABLE DATA; Schema: simurgh; Owner: -
--



--
-- Data for Name: hlr_remote; Type: TABLE DATA; Schema: simurgh; Owner: -
--



--
-- Data for Name: hlr_sequence; Type: TABLE DATA; Schema: simurgh; Owner: -
--

INSERT INTO simurgh.hlr_sequence VALUES ('262010000000001', 512, 'vlr-1', '');


--
-- Data for Name: hlr_subscriber; Type: TABLE DATA; Schema: simurgh; Owner: -
--

INSERT INTO simurgh.hlr_subscriber VALUES ('262010000000001', '8949000000000000018', '491701000001', 2, 7, 2, 9, '\xa5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5', 0, 1, 0, 1, 0, 'vlr-1', 'sgsn-2', 1, 0, 31, 32);


--
-- Data for Name: hlr_work; Type: TABLE DATA; Schema: simurgh; Owner: -
--



--
-- Data for Name: number_range; Type: TABLE DATA; Schema: simurgh; Owner: -
--

INSERT INTO simurgh.number_range VALUES (1, 18, 894900000000000000, 15, 262010000000000, 100, 0, 'note 1', 1000);


--
-- Data for Name: revoked_version; Type: TABLE DATA; Schema: simurgh; Owner: -
--



--
-- Name: alarm alarm_pkey; Type: CONSTRAINT; Schema: simurgh; Owner: -
--

ALTER TABLE ONLY simurgh.alarm
    ADD CONSTRAINT alarm_pkey PRIMARY KEY (id);


--
-- Name: allocation allocation_iccid_digits_iccid_first_key; Type: CONSTRAINT; Schema: simurgh; Owner: -
--

ALTER TABLE ONLY simurgh.allocation
    ADD CONSTRAINT allocation_iccid_digits_iccid_first_key UNIQUE (iccid_digits, iccid_first);


--
-- Name: allocation allocation_imsi_digits_imsi_first_key; Type: CONSTRAINT; Schema: simurgh; Owner: -
--

ALTER TABLE ONLY simurgh.allocation
    ADD CONSTRAINT allocation_imsi_digits_imsi_first_key UNIQUE (imsi_digits, imsi_first);


--
-- Name: allocation allocation_pkey; Type: CONSTRAINT; Schema: simurgh; Owner: -
--

ALTER TABLE ONLY simurgh.allocation
    ADD CONSTRAINT allocation_pkey PRIMARY KEY (id);


--
-- Name: api_answer api_answer_pkey; Type: CONSTRAINT; Schema: simurgh; Owner: -
--

ALTER TABLE ONLY simurgh.api_answer
    ADD CONSTRAINT api_answer_pkey PRIMARY KEY (token, key);


--
-- Name: api_delivery api_delivery_pkey; Type: CONSTRAINT; Schema: simurgh; Owner: -
--

ALTER TABLE ONLY simurgh.api_delivery
    ADD CONSTRAINT api_delivery_pkey PRIMARY KEY (allocation);


--
-- Name: api_manufacturer api_manufacturer_pkey; Type: CONSTRAINT; Schema: simurgh; Owner: -
--

ALTER TABLE ONLY simurgh.api_manufacturer
    ADD CONSTRAINT api_manufacturer_pkey PRIMARY KEY (name);


--
-- Name: audit audit_pkey; Type: CONSTRAINT; Schema: simurgh; Owner: -
--

ALTER TABLE ONLY simurgh.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (sequence);


--
-- Name: card_profile card_profile_pkey; Type: CONSTRAINT; Schema: simurgh; Owner: -
--

ALTER TABLE ONLY simurgh.card_profile
    ADD CONSTRAINT card_profile_pkey PRIMARY KEY (name);


--
-- Name: centre_chip centre_chip_imsi_key; Type: CONSTRAINT; Schema: simurgh; Owner: -
--

ALTER TABLE ONLY simurgh.centre_chip
    ADD CONSTRAINT centre_chip_imsi_key UNIQUE (imsi);


--
-- Name: centre_chip centre_chip_pkey; Type: CONSTRAINT; Schema: simurgh; Owner: -
--

ALTER TABLE ONLY simurgh.centre_chip
    ADD CONSTRAINT centre_chip_pkey PRIMARY KEY (iccid);


--
-- Name: chip_contact chip_contact_pkey; Type: CONSTRAINT; Schema: simurgh; Owner: -
--

ALTER TABLE ONLY simurgh.chip_contact
    ADD CONSTRAINT chip_contact_pkey PRIMARY KEY (iccid);


--
-- Name: chip chip_imsi_key; Type: CONSTRAINT; Schema: simurgh; Owner: -
--

ALTER TABLE ONLY simurgh.chip
    ADD CONSTRAINT chip_imsi_key UNIQUE (imsi);


--
-- Name: chip chip_msisdn_key; Type: CONSTRAINT; Schema: simurgh; Owner: -
--

ALTER TABLE ONLY simurgh.chip
    ADD CONSTRAINT chip_msisdn_key UNIQUE (msisdn);


--
-- Name: chip_order chip_order_pkey; Type: CONSTRAINT; Schema: simurgh; Owner: -
--

ALTER TABLE ONLY simurgh.chip_order
    ADD CONSTRAINT chip_order_pkey PRIMARY KEY (id);


--
-- Name: chip chip_pkey; Type: CONSTRAINT; Schema: simurgh; Owner: -
--

ALTER TABLE ONLY simurgh.chip
    ADD CONSTRAINT chip_pkey PRIMARY KEY (iccid);


--
-- Name: contract contract_pkey; Type: CONSTRAINT; Schema: simurgh; Owner: -
--

ALTER TABLE ONLY simurgh.contract
    ADD CONSTRAINT contract_pkey PRIMARY KEY (id);


--
-- Name: database_mark database_mark_pkey; Type: CONSTRAINT; Schema: simurgh; Owner: -
--

ALTER TABLE ONLY simurgh.database_mark
    ADD CONSTRAINT database_mark_pkey PRIMARY KEY (id);


--
-- Name: hlr_peer_index hlr_peer_index_pkey; Type: CONSTRAINT; Schema: simurgh; Owner: -
--

ALTER TABLE ONLY simurgh.hlr_peer_index
    ADD CONSTRAINT hlr_peer_index_pkey PRIMARY KEY (peer, domain);


--
-- Name: hlr_remote hlr_remote_pkey; Type: CONSTRAINT; Schema: simurgh; Owner: -
--

ALTER TABLE ONLY simurgh.hlr_remote
    ADD CONSTRAINT hlr_remote_pkey PRIMARY KEY (imsi);


--
-- Name: hlr_sequence hlr_sequence_pkey; Type: CONSTRAINT; Schema: simurgh; Owner: -
--

ALTER TABLE ONLY simurgh.hlr_sequence
    ADD CONSTRAINT hlr_sequence_pkey PRIMARY KEY (imsi);


--
-- Name: hlr_subscriber hlr_subscriber_msisdn_key; Type: CONSTRAINT; Schema: simurgh; Owner: -
--

ALTER TABLE ONLY simurgh.hlr_subscriber
    ADD CONSTRAINT hlr_subscriber_msisdn_key UNIQUE (msisdn);


--
-- Name: hlr_subscriber hlr_subscriber_pkey; Type: CONSTRAINT; Schema: simurgh; Owner: -
--

ALTER TABLE ONLY simurgh.hlr_subscriber
    ADD CONSTRAINT hlr_subscriber_pkey PRIMARY KEY (imsi);


--
-- Name: hlr_work hlr_work_pkey; Type: CONSTRAINT; Schema: simurgh; Owner: -
--

ALTER TABLE ONLY simurgh.hlr_work
    ADD CONSTRAINT hlr_work_pkey PRIMARY KEY (imsi, peer, domain, kind);


--
-- Name: number_range number_range_iccid_digits_iccid_first_key; Type: CONSTRAINT; Schema: simurgh; Owner: -
--

ALTER TABLE ONLY simurgh.number_range
    ADD CONSTRAINT number_range_iccid_digits_iccid_first_key UNIQUE (iccid_digits, iccid_first);


--
-- Name: number_range number_range_imsi_digits_imsi_first_key; Type: CONSTRAINT; Schema: simurgh; Owner: -
--

ALTER TABLE ONLY simurgh.number_range
    ADD CONSTRAINT number_range_imsi_digits_imsi_first_key UNIQUE (imsi_digits, imsi_first);


--
-- Name: number_range number_range_pkey; Type: CONSTRAINT; Schema: simurgh; Owner: -
--

ALTER TABLE ONLY simurgh.number_range
    ADD CONSTRAINT number_range_pkey PRIMARY KEY (id);


--
-- Name: revoked_version revoked_version_pkey; Type: CONSTRAINT; Schema: simurgh; Owner: -
--

ALTER TABLE ONLY simurgh.revoked_version
    ADD CONSTRAINT revoked_version_pkey PRIMARY KEY (ver);


--
-- Name: alarm_open; Type: INDEX; Schema: simurgh; Owner: -
--

CREATE INDEX alarm_open ON simurgh.alarm USING btree (id) WHERE (acknowledged_at = 0);


--
-- Name: api_answer_at; Type: INDEX; Schema: simurgh; Owner: -
--

CREATE INDEX api_answer_at ON simurgh.api_answer USING btree (at);


--
-- Name: audit_subject; Type: INDEX; Schema: simurgh; Owner: -
--

CREATE INDEX audit_subject ON simurgh.audit USING btree (subject, sequence);


--
-- Name: centre_chip_open; Type: INDEX; Schema: simurgh; Owner: -
--

CREATE INDEX centre_chip_open ON simurgh.centre_chip USING btree (iccid) WHERE ((work <> 0) OR (commit_unconfirmed <> 0) OR (directory_behind <> 0));


--
-- Name: chip_allocation; Type: INDEX; Schema: simurgh; Owner: -
--

CREATE INDEX chip_allocation ON simurgh.chip USING btree (allocation_id, iccid);


--
-- Name: chip_contract; Type: INDEX; Schema: simurgh; Owner: -
--

CREATE INDEX chip_contract ON simurgh.chip USING btree (contract, iccid);


--
-- Name: chip_order_iccid; Type: INDEX; Schema: simurgh; Owner: -
--

CREATE INDEX chip_order_iccid ON simurgh.chip_order USING btree (iccid, created, id);


--
-- Name: chip_state; Type: INDEX; Schema: simurgh; Owner: -
--

CREATE INDEX chip_state ON simurgh.chip USING btree (state, iccid);


--
-- Name: hlr_remote_behind; Type: INDEX; Schema: simurgh; Owner: -
--

CREATE INDEX hlr_remote_behind ON simurgh.hlr_remote USING btree (imsi) WHERE (confirmed < version);


--
-- Name: allocation allocation_fixed; Type: TRIGGER; Schema: simurgh; Owner: -
--

CREATE TRIGGER allocation_fixed BEFORE UPDATE ON simurgh.allocation FOR EACH ROW EXECUTE FUNCTION simurgh.refuse('an allocation is never changed');


--
-- Name: allocation allocation_kept; Type: TRIGGER; Schema: simurgh; Owner: -
--

CREATE TRIGGER allocation_kept BEFORE DELETE ON simurgh.allocation FOR EACH ROW EXECUTE FUNCTION simurgh.refuse('an allocation is never deleted');


--
-- Name: allocation allocation_kept_whole; Type: TRIGGER; Schema: simurgh; Owner: -
--

CREATE TRIGGER allocation_kept_whole BEFORE TRUNCATE ON simurgh.allocation FOR EACH STATEMENT EXECUTE FUNCTION simurgh.refuse('an allocation is never deleted');


--
-- Name: allocation allocation_overlap; Type: TRIGGER; Schema: simurgh; Owner: -
--

CREATE TRIGGER allocation_overlap BEFORE INSERT ON simurgh.allocation FOR EACH ROW EXECUTE FUNCTION simurgh.allocation_overlap();


--
-- Name: audit audit_no_delete; Type: TRIGGER; Schema: simurgh; Owner: -
--

CREATE TRIGGER audit_no_delete BEFORE DELETE ON simurgh.audit FOR EACH ROW EXECUTE FUNCTION simurgh.refuse('audit rows are never deleted');


--
-- Name: audit audit_no_truncate; Type: TRIGGER; Schema: simurgh; Owner: -
--

CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON simurgh.audit FOR EACH STATEMENT EXECUTE FUNCTION simurgh.refuse('audit rows are never deleted');


--
-- Name: audit audit_no_update; Type: TRIGGER; Schema: simurgh; Owner: -
--

CREATE TRIGGER audit_no_update BEFORE UPDATE ON simurgh.audit FOR EACH ROW EXECUTE FUNCTION simurgh.refuse('audit rows are never changed');


--
-- Name: number_range number_range_fixed; Type: TRIGGER; Schema: simurgh; Owner: -
--

CREATE TRIGGER number_range_fixed BEFORE UPDATE ON simurgh.number_range FOR EACH ROW WHEN (((new.allocated < old.allocated) OR (new.id <> old.id) OR (new.iccid_digits <> old.iccid_digits) OR (new.iccid_first <> old.iccid_first) OR (new.imsi_digits <> old.imsi_digits) OR (new.imsi_first <> old.imsi_first) OR (new.count <> old.count))) EXECUTE FUNCTION simurgh.refuse('numbers that were given out stay given out');


--
-- Name: number_range number_range_overlap; Type: TRIGGER; Schema: simurgh; Owner: -
--

CREATE TRIGGER number_range_overlap BEFORE INSERT ON simurgh.number_range FOR EACH ROW EXECUTE FUNCTION simurgh.number_range_overlap();


--
-- PostgreSQL database dump complete
--


