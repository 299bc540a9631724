// Everything is read by pages: an engine may hold the whole answer of a statement in memory, and
// there may be a hundred million rows.
#include "base/reader.h"
#include "io/sql_rows/stores.h"

#define PROGRESS_COLUMNS                                                                        \
  "run, wave, wave_reached, total, triggers, offers, done, failed, silent, waiting, given_up, " \
  "polled, triggered, failed_for, fronts"
#define SELECT_CAMPAIGN                                                        \
  "SELECT id, name, state, created_by, approved_by, created, begun, changed, " \
  "terms, " PROGRESS_COLUMNS                                                   \
  " FROM campaign JOIN campaign_terms ON campaign_terms.campaign = campaign.id "
#define SELECT_OUTCOME \
  "SELECT campaign, element, progress, triggers, offers, reason, run, at_s FROM campaign_outcome "
#define SELECT_ELEMENT \
  "SELECT element, last_contact_s, next_poll_s, batch, release, life FROM element_state "

namespace simurgh::sql_rows {

using campaign::Campaign;
using campaign::CampaignId;
using campaign::ElementId;
using campaign::ElementRow;
using campaign::OutcomeRow;

namespace {

constexpr size_t page_rows = 8192;
// Room for reasons that later versions have.
using FailedFor = ByteString<8 * 16>;

FailedFor write_failed_for(const campaign::Counters& counters) {
  FailedFor out;
  out.resize(8 * campaign::reasons);
  Writer writer(out.span());
  for (const uint64_t count : counters.failed_for) writer.u64(count);
  return out;
}

Result<void> parse_failed_for(ByteView bytes, campaign::Counters& counters) {
  Reader in(bytes);
  for (uint64_t& count : counters.failed_for) count = TRY(in.u64());
  return in.expect_end();
}

// `fronts` lives until the query was sent.
void bind_progress(Query& query, const Campaign& row, const std::vector<uint8_t>& fronts) {
  const campaign::Counters& counters = row.counters;
  query << row.run << row.wave << row.wave_reached << row.total << counters.triggers
        << counters.offers << counters.done << counters.failed << counters.silent
        << counters.waiting << counters.given_up << counters.polled << counters.triggered
        << write_failed_for(counters) << ByteView(fronts);
}

struct StoredCampaign {
  Campaign row;
  std::vector<uint8_t> terms;
  FailedFor failed_for;
  std::vector<uint8_t> fronts;
};

void read_campaign(Query& query, StoredCampaign& out) {
  Campaign& row = out.row;
  campaign::Counters& counters = row.counters;
  query.get_all(row.id.value, row.name, row.state, row.created_by, row.approved_by, row.created,
                row.begun, row.changed, out.terms, row.run, row.wave, row.wave_reached, row.total,
                counters.triggers, counters.offers, counters.done, counters.failed, counters.silent,
                counters.waiting, counters.given_up, counters.polled, counters.triggered,
                out.failed_for, out.fronts);
}

Result<Campaign> complete(Session& session, StoredCampaign&& stored) {
  auto terms = campaign::parse_terms(stored.terms);
  if (!terms) return session.connection.damaged("a campaign's terms cannot be read");
  stored.row.terms = std::move(*terms);
  if (!parse_failed_for(stored.failed_for.view(), stored.row.counters)) {
    return session.connection.damaged("a campaign's counters cannot be read");
  }
  auto fronts = campaign::parse_fronts(stored.fronts);
  if (!fronts) return session.connection.damaged("a campaign's fronts cannot be read");
  stored.row.fronts = std::move(*fronts);
  return std::move(stored.row);
}

void read_outcome(Query& query, OutcomeRow& row) {
  query.get_all(row.campaign.value, row.element.value, row.outcome.progress, row.outcome.triggers,
                row.outcome.offers, row.outcome.reason, row.outcome.run, row.at_s);
}

void read_element(Query& query, ElementRow& row) {
  query.get_all(row.element.value, row.last_contact_s, row.next_poll_s, row.batch, row.release,
                row.life);
}

// Visits what `page` gives for rows from `first` on, page after page. `id_of` tells a row's
// element.
template <typename Row, typename Page, typename IdOf, typename Visit>
Result<void> visit_pages(Page page, IdOf id_of, Visit visit) {
  int64_t first = 0;
  while (true) {
    const std::vector<Row> rows = TRY(page(first));
    for (const Row& row : rows) visit(row);
    if (rows.size() < page_rows) return {};
    first = int64_t{id_of(rows.back()).value} + 1;
  }
}

}  // namespace

Result<void> CampaignRows::save(const Campaign& row) {
  TRY(session_.begin_change());
  const std::vector<uint8_t> bytes = campaign::write_terms(row.terms);
  Query terms(session_.connection,
              "INSERT INTO campaign_terms (campaign, terms) VALUES ($1, $2) "
              "ON CONFLICT (campaign) DO UPDATE SET terms = excluded.terms");
  terms << row.id.value << ByteView(bytes);
  TRY(terms.send());
  Query query(session_.connection,
              "INSERT INTO campaign (id, name, state, created_by, approved_by, created, begun, "
              "changed, " PROGRESS_COLUMNS
              ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, "
              "$15, $16, $17, $18, $19, $20, $21, $22, $23) "
              "ON CONFLICT (id) DO UPDATE SET name = excluded.name, state = excluded.state, "
              "created_by = excluded.created_by, approved_by = excluded.approved_by, "
              "created = excluded.created, begun = excluded.begun, changed = excluded.changed, "
              "run = excluded.run, wave = excluded.wave, wave_reached = excluded.wave_reached, "
              "total = excluded.total, triggers = excluded.triggers, offers = excluded.offers, "
              "done = excluded.done, failed = excluded.failed, silent = excluded.silent, "
              "waiting = excluded.waiting, given_up = excluded.given_up, polled = excluded.polled, "
              "triggered = excluded.triggered, failed_for = excluded.failed_for, "
              "fronts = excluded.fronts");
  query << row.id.value << row.name << row.state << row.created_by << row.approved_by << row.created
        << row.begun << row.changed;
  const std::vector<uint8_t> fronts = campaign::write_fronts(row.fronts);
  bind_progress(query, row, fronts);
  return query.send();
}

Result<void> CampaignRows::save_progress(const Campaign& row) {
  TRY(session_.begin_change());
  Query query(session_.connection,
              "UPDATE campaign SET run = $1, wave = $2, wave_reached = $3, total = $4, "
              "triggers = $5, offers = $6, done = $7, failed = $8, silent = $9, waiting = $10, "
              "given_up = $11, polled = $12, triggered = $13, failed_for = $14, fronts = $15 "
              "WHERE id = $16");
  const std::vector<uint8_t> fronts = campaign::write_fronts(row.fronts);
  bind_progress(query, row, fronts);
  query << row.id.value;
  TRY(query.run());
  if (query.changed() != 1) return fail(ErrorCode::not_found);
  return {};
}

Result<std::optional<Campaign>> CampaignRows::campaign(CampaignId id) {
  Query query(session_.connection, SELECT_CAMPAIGN "WHERE id = $1");
  query << id.value;
  auto stored = TRY(read_one<StoredCampaign>(query, read_campaign));
  if (!stored) return std::optional<Campaign>();
  return std::optional<Campaign>(TRY(complete(session_, std::move(*stored))));
}

Result<std::vector<Campaign>> CampaignRows::campaigns() {
  Query query(session_.connection, SELECT_CAMPAIGN "ORDER BY id");
  std::vector<Campaign> all;
  for (StoredCampaign& stored : TRY(read_all<StoredCampaign>(query, read_campaign))) {
    all.push_back(TRY(complete(session_, std::move(stored))));
  }
  return all;
}

Result<CampaignId> CampaignRows::next_campaign_id() {
  Query query(session_.connection, "SELECT CAST(coalesce(max(id), 0) + 1 AS bigint) FROM campaign");
  return CampaignId{static_cast<uint32_t>(TRY(read_number(query)))};
}

Result<void> CampaignRows::add_members(CampaignId campaign, std::span<const ElementId> elements) {
  TRY(session_.begin_change());
  for (const ElementId element : elements) {
    Query query(session_.connection,
                "INSERT INTO campaign_member (campaign, element) VALUES ($1, $2) "
                "ON CONFLICT (campaign, element) DO NOTHING");
    query << campaign.value << element.value;
    TRY(query.send());
  }
  return {};
}

Result<void> CampaignRows::load_members(CampaignId campaign, FunctionRef<void(ElementId)> visit) {
  const auto page = [&](int64_t first) {
    Query query(session_.connection,
                "SELECT element FROM campaign_member WHERE campaign = $1 AND element >= $2 "
                "ORDER BY element LIMIT $3");
    query << campaign.value << first << page_rows;
    return read_all<ElementId>(query, [](Query& from, ElementId& row) { from.get(row.value); });
  };
  return visit_pages<ElementId>(page, [](ElementId row) { return row; }, visit);
}

Result<void> CampaignRows::apply(std::span<const OutcomeRow> rows) {
  TRY(session_.begin_change());
  for (const OutcomeRow& row : rows) {
    Query query(session_.connection,
                "INSERT INTO campaign_outcome (campaign, element, progress, triggers, offers, "
                "reason, run, at_s) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
                "ON CONFLICT (campaign, element) DO UPDATE SET progress = excluded.progress, "
                "triggers = excluded.triggers, offers = excluded.offers, "
                "reason = excluded.reason, run = excluded.run, at_s = excluded.at_s");
    query << row.campaign.value << row.element.value << row.outcome.progress << row.outcome.triggers
          << row.outcome.offers << row.outcome.reason << row.outcome.run << row.at_s;
    TRY(query.send());
  }
  return {};
}

Result<void> CampaignRows::load_outcomes(CampaignId campaign,
                                         FunctionRef<void(const OutcomeRow&)> visit) {
  const auto page = [&](int64_t first) {
    Query query(session_.connection,
                SELECT_OUTCOME "WHERE campaign = $1 AND element >= $2 ORDER BY element LIMIT $3");
    query << campaign.value << first << page_rows;
    return read_all<OutcomeRow>(query, read_outcome);
  };
  return visit_pages<OutcomeRow>(page, [](const OutcomeRow& row) { return row.element; }, visit);
}

Result<std::vector<OutcomeRow>> CampaignRows::outcomes(CampaignId campaign, ElementId first,
                                                       size_t limit) {
  Query query(session_.connection,
              SELECT_OUTCOME "WHERE campaign = $1 AND element >= $2 ORDER BY element LIMIT $3");
  query << campaign.value << first.value << limit;
  return read_all<OutcomeRow>(query, read_outcome);
}

Result<std::optional<OutcomeRow>> CampaignRows::outcome(CampaignId campaign, ElementId element) {
  Query query(session_.connection, SELECT_OUTCOME "WHERE campaign = $1 AND element = $2");
  query << campaign.value << element.value;
  return read_one<OutcomeRow>(query, read_outcome);
}

Result<void> CampaignRows::apply(std::span<const ElementRow> rows) {
  TRY(session_.begin_change());
  for (const ElementRow& row : rows) {
    Query query(session_.connection,
                "INSERT INTO element_state (element, last_contact_s, next_poll_s, batch, release, "
                "life) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (element) DO UPDATE SET "
                "last_contact_s = excluded.last_contact_s, next_poll_s = excluded.next_poll_s, "
                "batch = excluded.batch, release = excluded.release, life = excluded.life");
    query << row.element.value << row.last_contact_s << row.next_poll_s << row.batch << row.release
          << row.life;
    TRY(query.send());
  }
  return {};
}

Result<std::optional<ElementRow>> CampaignRows::element(ElementId element) {
  Query query(session_.connection, SELECT_ELEMENT "WHERE element = $1");
  query << element.value;
  return read_one<ElementRow>(query, read_element);
}

Result<void> CampaignRows::load_elements(FunctionRef<void(const ElementRow&)> visit) {
  const auto page = [&](int64_t first) {
    Query query(session_.connection,
                SELECT_ELEMENT "WHERE element >= $1 ORDER BY element LIMIT $2");
    query << first << page_rows;
    return read_all<ElementRow>(query, read_element);
  };
  return visit_pages<ElementRow>(page, [](const ElementRow& row) { return row.element; }, visit);
}

}  // namespace simurgh::sql_rows
