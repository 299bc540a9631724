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

-- Chips that were sold before there were elements: the server takes them up when it starts.
CREATE TABLE chip_without_element (
  iccid text COLLATE "C" PRIMARY KEY
);
INSERT INTO chip_without_element SELECT iccid FROM chip;

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

-- Whom a campaign concerns, what it does and how, as write_terms() gives it: up to 4 MiB, so apart
-- from what changes with every batch of outcomes.
CREATE TABLE campaign_terms (
  campaign integer PRIMARY KEY,
  terms    bytea   NOT NULL
);

-- failed_for: one number of eight octets for each reason; fronts as write_fronts() gives them.
CREATE TABLE campaign (
  id           integer          PRIMARY KEY CHECK (id >= 1),
  name         text COLLATE "C" NOT NULL,
  state        smallint         NOT NULL CHECK (state BETWEEN 1 AND 8),
  created_by   text COLLATE "C" NOT NULL,
  approved_by  text COLLATE "C" NOT NULL,
  created      bigint           NOT NULL,
  begun        bigint           NOT NULL,
  changed      bigint           NOT NULL,
  run          smallint         NOT NULL,
  wave         smallint         NOT NULL,
  wave_reached bigint           NOT NULL,
  total        bigint           NOT NULL,
  triggers     bigint           NOT NULL,
  offers       bigint           NOT NULL,
  done         bigint           NOT NULL,
  failed       bigint           NOT NULL,
  silent       bigint           NOT NULL,
  waiting      bigint           NOT NULL,
  given_up     bigint           NOT NULL,
  polled       bigint           NOT NULL,
  triggered    bigint           NOT NULL,
  failed_for   bytea            NOT NULL,
  fronts       bytea            NOT NULL
) WITH (fillfactor = 50);

-- Uploaded lists.
CREATE TABLE campaign_member (
  campaign integer NOT NULL,
  element  integer NOT NULL,
  PRIMARY KEY (campaign, element)
);

-- What came of a campaign at an element, once something did: hot and narrow, no other index.
CREATE TABLE campaign_outcome (
  at_s     bigint   NOT NULL,
  campaign integer  NOT NULL,
  element  integer  NOT NULL,
  progress smallint NOT NULL CHECK (progress BETWEEN 0 AND 5),
  triggers smallint NOT NULL,
  offers   smallint NOT NULL,
  reason   smallint NOT NULL CHECK (reason BETWEEN 0 AND 15),
  run      smallint NOT NULL,
  PRIMARY KEY (campaign, element)
) WITH (fillfactor = 70);

-- The population's hot columns: replaced with every contact.
CREATE TABLE element_state (
  last_contact_s bigint   NOT NULL,
  next_poll_s    bigint   NOT NULL,
  element        integer  PRIMARY KEY,
  batch          integer  NOT NULL,
  release        integer  NOT NULL,
  life           smallint NOT NULL CHECK (life BETWEEN 0 AND 2)
) WITH (fillfactor = 70);

-- What the chips of the security centre call themselves in TLS. Rows of version 1 are filled in by
-- the server when it starts: it needs their secrets for that.
ALTER TABLE centre_chip ADD COLUMN active_identity text COLLATE "C";
ALTER TABLE centre_chip ADD COLUMN previous_identity text COLLATE "C";
CREATE UNIQUE INDEX centre_chip_active_identity ON centre_chip (active_identity);
CREATE UNIQUE INDEX centre_chip_previous_identity ON centre_chip (previous_identity);

-- The session of an element (remote_admin::SessionRecord), and how far campaigns are at it.
CREATE TABLE element_session (
  element bigint PRIMARY KEY,
  record  bytea  NOT NULL
) WITH (fillfactor = 80);

CREATE TABLE element_work (
  element    bigint NOT NULL,
  campaign   bigint NOT NULL,
  run        bigint NOT NULL,
  phase      bigint NOT NULL CHECK (phase BETWEEN 1 AND 5),
  step       bigint NOT NULL,
  rounds     bigint NOT NULL,
  cut        bigint NOT NULL,
  base_epoch bigint NOT NULL,
  counter    bigint NOT NULL,
  doubted    bigint NOT NULL,
  PRIMARY KEY (element, campaign)
);
)sql"
