// Of Messages: an element, its card and its keys, while it is dealt with.
#pragma once

#include "element_update/messages.h"

namespace simurgh::element_update {

struct Messages::Target {
  const fleet::Element& element;
  const Card& card;
  fleet::ElementKeys keys;
  secured_packet::ResponseBearer bearer() const {
    return card.packets.response_by_submit ? secured_packet::ResponseBearer::submit
                                           : secured_packet::ResponseBearer::deliver_report;
  }
};

}  // namespace simurgh::element_update
