// A network in a box on a loop: an SMSC that simurghd binds to over SMPP, visited networks that ask
// simurghd's HLR over GSUP, and handsets with virtual chips, by the thousand, on real time.
#pragma once

#include <memory>
#include <vector>

#include "io/gsup/client.h"
#include "io/log/log.h"
#include "io/loop/loop.h"
#include "io/smpp/server.h"
#include "network/handset.h"
#include "network/radio_network.h"
#include "network/smsc.h"

namespace simurgh::lab {

struct LabOptions {
  std::string smpp_listen = "127.0.0.1:0";
  std::string gsup_connect = "127.0.0.1:4222";
  std::vector<std::string> visited_networks = {"VLR-A", "VLR-B"};
  network::FaultPlan faults;
  std::string esme_system_id = "simurgh";
  std::string esme_password;
  Msisdn centre_number;             // routed to the ESME
  network::Air* air = nullptr;      // between networks and terminals; null: everything passes
  network::SmscCentreOptions smsc;  // its accounts are made of the above
};

class Lab {
 public:
  // Null when something is wrong; `problem` says what. Everything named outlives the lab.
  static std::unique_ptr<Lab> open(loop::Loop& loop, const LabOptions& options, Random& random,
                                   const log::Log& log, std::string& problem);
  virtual ~Lab() = default;

  virtual const net::Endpoint& smpp_endpoint() const = 0;
  virtual network::VisitedNetwork& network(size_t index) = 0;
  virtual size_t networks() const = 0;
  virtual network::SmscCentre& smsc() = 0;
  // For networks whose subscribers have another home.
  virtual network::RadioNetwork& radio() = 0;
  // True when every visited network has its link to the HLR.
  virtual bool connected() const = 0;
  // Present instant, kept up to date by the loop.
  virtual const Instant& now() const = 0;

  // The lab gives a handset its turns from here on (with very many of them, each at least twice a
  // second); it is the caller's and is removed before it goes.
  virtual void add(network::Handset& handset) = 0;
  virtual void remove(network::Handset& handset) = 0;
};

}  // namespace simurgh::lab
