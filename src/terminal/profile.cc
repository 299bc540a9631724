// What this terminal tells its card that it can do (TS 102 223 5.2).
#include "terminal/state.h"

namespace simurgh::terminal {

using toolkit::Facility;

toolkit::TerminalProfile own_profile(bool data) {
  toolkit::TerminalProfile profile;
  for (const Facility facility : {Facility::profile_download,
                                  Facility::sms_pp_download,
                                  Facility::sms_pp_download_uicc,
                                  Facility::timer_expiration,
                                  Facility::command_result,
                                  Facility::display_text,
                                  Facility::get_inkey,
                                  Facility::get_input,
                                  Facility::more_time,
                                  Facility::poll_interval,
                                  Facility::polling_off,
                                  Facility::refresh,
                                  Facility::send_short_message,
                                  Facility::set_up_call,
                                  Facility::set_up_menu,
                                  Facility::local_information_location_imei,
                                  Facility::set_up_event_list,
                                  Facility::event_location_status,
                                  Facility::timer_start_stop,
                                  Facility::timer_get_value,
                                  Facility::local_information_date_time,
                                  Facility::local_information_language}) {
    profile.set(facility);
  }
  if (!data) return profile;
  for (const Facility facility :
       {Facility::event_data_available, Facility::event_channel_status, Facility::open_channel,
        Facility::close_channel, Facility::receive_data, Facility::send_data,
        Facility::get_channel_status, Facility::bearer_gprs, Facility::tcp_client_remote}) {
    profile.set(facility);
  }
  profile.set_channel_count(Channels::channels_max);
  return profile;
}

}  // namespace simurgh::terminal
