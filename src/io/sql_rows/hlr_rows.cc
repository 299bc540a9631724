#include "io/sql_rows/stores.h"

#define SUBSCRIBER_COLUMNS                                                                       \
  "imsi, iccid, msisdn, algorithm, tuak_iterations, life, epoch, sealed_keys, imported, "        \
  "hotline, fenced, circuit_allowed, packet_allowed, vlr, sgsn, purged_circuit, purged_packet, " \
  "created, changed"
#define REMOTE_COLUMNS                                                                           \
  "imsi, iccid, msisdn, algorithm, tuak_iterations, life, epoch, sealed_keys, hotline, fenced, " \
  "circuit_allowed, packet_allowed, created, changed, present, version, confirmed"

namespace simurgh::sql_rows {

namespace {

void read_subscriber(Query& query, hlr::Subscriber& row) {
  query.get_all(row.imsi, row.iccid, row.msisdn, row.algorithm, row.tuak_iterations, row.life,
                row.epoch, row.sealed_keys, row.imported, row.hotline, row.fenced,
                row.circuit_allowed, row.packet_allowed, row.vlr, row.sgsn, row.purged_circuit,
                row.purged_packet, row.created, row.changed);
}

void read_remote(Query& query, hlr::RemoteSubscriber& row) {
  hlr::Subscriber& wanted = row.wanted;
  query.get_all(wanted.imsi, wanted.iccid, wanted.msisdn, wanted.algorithm, wanted.tuak_iterations,
                wanted.life, wanted.epoch, wanted.sealed_keys, wanted.hotline, wanted.fenced,
                wanted.circuit_allowed, wanted.packet_allowed, wanted.created, wanted.changed,
                row.present, row.version, row.confirmed);
}

}  // namespace

Result<std::optional<hlr::Subscriber>> HlrRows::load(const Imsi& imsi) {
  Query query(session_.connection,
              "SELECT " SUBSCRIBER_COLUMNS " FROM hlr_subscriber WHERE imsi = $1");
  query << imsi;
  return read_one<hlr::Subscriber>(query, read_subscriber);
}

Result<std::optional<hlr::Subscriber>> HlrRows::load_by_msisdn(const Msisdn& msisdn) {
  Query query(session_.connection,
              "SELECT " SUBSCRIBER_COLUMNS " FROM hlr_subscriber WHERE msisdn = $1");
  query << msisdn;
  return read_one<hlr::Subscriber>(query, read_subscriber);
}

Result<void> HlrRows::save(const hlr::Subscriber& row) {
  TRY(session_.begin_change());
  Query query(session_.connection,
              "INSERT INTO hlr_subscriber (" SUBSCRIBER_COLUMNS
              ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, "
              "$17, $18, $19) ON CONFLICT (imsi) DO UPDATE SET iccid = excluded.iccid, "
              "msisdn = excluded.msisdn, algorithm = excluded.algorithm, "
              "tuak_iterations = excluded.tuak_iterations, life = excluded.life, "
              "epoch = excluded.epoch, sealed_keys = excluded.sealed_keys, "
              "imported = excluded.imported, hotline = excluded.hotline, "
              "fenced = excluded.fenced, circuit_allowed = excluded.circuit_allowed, "
              "packet_allowed = excluded.packet_allowed, vlr = excluded.vlr, "
              "sgsn = excluded.sgsn, purged_circuit = excluded.purged_circuit, "
              "purged_packet = excluded.purged_packet, created = excluded.created, "
              "changed = excluded.changed");
  query << row.imsi << row.iccid;
  query.unique(row.msisdn) << row.algorithm << row.tuak_iterations << row.life << row.epoch
                           << row.sealed_keys << row.imported << row.hotline << row.fenced
                           << row.circuit_allowed << row.packet_allowed << row.vlr << row.sgsn
                           << row.purged_circuit << row.purged_packet << row.created << row.changed;
  return query.run();
}

Result<void> HlrRows::save_location(const hlr::Subscriber& row) {
  TRY(session_.begin_change());
  Query query(session_.connection,
              "UPDATE hlr_subscriber SET vlr = $2, sgsn = $3, purged_circuit = $4, "
              "purged_packet = $5 WHERE imsi = $1");
  query << row.imsi << row.vlr << row.sgsn << row.purged_circuit << row.purged_packet;
  TRY(query.run());
  if (query.changed() == 0) return fail(ErrorCode::not_found);
  return {};
}

Result<void> HlrRows::erase(const Imsi& imsi) {
  TRY(session_.begin_change());
  Query query(session_.connection, "DELETE FROM hlr_subscriber WHERE imsi = $1");
  query << imsi;
  return query.send();
}

Result<std::vector<hlr::Subscriber>> HlrRows::page(const Imsi& after, size_t limit) {
  Query query(session_.connection, "SELECT " SUBSCRIBER_COLUMNS
                                   " FROM hlr_subscriber WHERE imsi > $1 ORDER BY imsi LIMIT $2");
  query << after << limit;
  return read_all<hlr::Subscriber>(query, read_subscriber);
}

Result<std::optional<hlr::Sequence>> HlrRows::load_sequence(const Imsi& imsi) {
  Query query(session_.connection,
              "SELECT imsi, reserved, peer_circuit, peer_packet FROM hlr_sequence WHERE imsi = $1");
  query << imsi;
  return read_one<hlr::Sequence>(query, [](Query& from, hlr::Sequence& row) {
    from.get_all(row.imsi, row.reserved, row.peer_circuit, row.peer_packet);
  });
}

Result<void> HlrRows::save_sequence(const hlr::Sequence& row) {
  TRY(session_.begin_change());
  Query query(session_.connection,
              "INSERT INTO hlr_sequence (imsi, reserved, peer_circuit, peer_packet) "
              "VALUES ($1, $2, $3, $4) ON CONFLICT (imsi) DO UPDATE SET "
              "reserved = excluded.reserved, peer_circuit = excluded.peer_circuit, "
              "peer_packet = excluded.peer_packet");
  query << row.imsi << row.reserved << row.peer_circuit << row.peer_packet;
  return query.send();
}

Result<void> HlrRows::raise_all_sequences(uint64_t by) {
  TRY(session_.begin_change());
  Query query(session_.connection, "UPDATE hlr_sequence SET reserved = reserved + $1");
  query << by;
  return query.send();
}

Result<std::vector<hlr::PeerIndex>> HlrRows::peer_indexes() {
  Query query(session_.connection,
              "SELECT peer, domain, number FROM hlr_peer_index ORDER BY peer, domain");
  return read_all<hlr::PeerIndex>(query, [](Query& from, hlr::PeerIndex& row) {
    from.get_all(row.peer, row.domain, row.index);
  });
}

Result<void> HlrRows::add_peer_index(const hlr::PeerIndex& row) {
  TRY(session_.begin_change());
  Query query(session_.connection,
              "INSERT INTO hlr_peer_index (peer, domain, number) VALUES ($1, $2, $3)");
  query << row.peer << row.domain << row.index;
  return query.run();
}

Result<std::vector<hlr::NetworkWork>> HlrRows::all_work() {
  Query query(session_.connection,
              "SELECT imsi, peer, domain, kind FROM hlr_work ORDER BY imsi, peer, domain, kind");
  return read_all<hlr::NetworkWork>(query, [](Query& from, hlr::NetworkWork& row) {
    from.get_all(row.imsi, row.peer, row.domain, row.kind);
  });
}

Result<void> HlrRows::add_work(const hlr::NetworkWork& work) {
  TRY(session_.begin_change());
  Query query(session_.connection,
              "INSERT INTO hlr_work (imsi, peer, domain, kind) VALUES ($1, $2, $3, $4) "
              "ON CONFLICT (imsi, peer, domain, kind) DO NOTHING");
  query << work.imsi << work.peer << work.domain << work.kind;
  return query.send();
}

Result<void> HlrRows::erase_work(const hlr::NetworkWork& work) {
  TRY(session_.begin_change());
  Query query(session_.connection,
              "DELETE FROM hlr_work WHERE imsi = $1 AND peer = $2 AND domain = $3 AND kind = $4");
  query << work.imsi << work.peer << work.domain << work.kind;
  return query.send();
}

// --- a remote HLR ------------------------------------------------------------------------------

Result<std::optional<hlr::RemoteSubscriber>> RemoteRows::load(const Imsi& imsi) {
  Query query(session_.connection, "SELECT " REMOTE_COLUMNS " FROM hlr_remote WHERE imsi = $1");
  query << imsi;
  return read_one<hlr::RemoteSubscriber>(query, read_remote);
}

Result<void> RemoteRows::save(const hlr::RemoteSubscriber& row) {
  TRY(session_.begin_change());
  Query query(session_.connection,
              "INSERT INTO hlr_remote (" REMOTE_COLUMNS
              ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, "
              "$17) ON CONFLICT (imsi) DO UPDATE SET iccid = excluded.iccid, "
              "msisdn = excluded.msisdn, algorithm = excluded.algorithm, "
              "tuak_iterations = excluded.tuak_iterations, life = excluded.life, "
              "epoch = excluded.epoch, sealed_keys = excluded.sealed_keys, "
              "hotline = excluded.hotline, fenced = excluded.fenced, "
              "circuit_allowed = excluded.circuit_allowed, "
              "packet_allowed = excluded.packet_allowed, created = excluded.created, "
              "changed = excluded.changed, present = excluded.present, "
              "version = excluded.version, "
              "confirmed = excluded.confirmed");
  const hlr::Subscriber& wanted = row.wanted;
  query << wanted.imsi << wanted.iccid << wanted.msisdn << wanted.algorithm
        << wanted.tuak_iterations << wanted.life << wanted.epoch << wanted.sealed_keys
        << wanted.hotline << wanted.fenced << wanted.circuit_allowed << wanted.packet_allowed
        << wanted.created << wanted.changed << row.present << row.version << row.confirmed;
  return query.send();
}

Result<void> RemoteRows::erase(const Imsi& imsi) {
  TRY(session_.begin_change());
  Query query(session_.connection, "DELETE FROM hlr_remote WHERE imsi = $1");
  query << imsi;
  return query.send();
}

Result<std::vector<hlr::RemoteSubscriber>> RemoteRows::unconfirmed(const Imsi& after,
                                                                   size_t limit) {
  Query query(session_.connection,
              "SELECT " REMOTE_COLUMNS
              " FROM hlr_remote WHERE confirmed < version AND imsi > $1 ORDER BY imsi LIMIT $2");
  query << after << limit;
  return read_all<hlr::RemoteSubscriber>(query, read_remote);
}

}  // namespace simurgh::sql_rows
