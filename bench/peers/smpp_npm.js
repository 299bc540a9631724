// npm's smpp as an ESME, for bench smpp: `window` submits without an answer. Prints messages per
// second of its CPU time, taken around the messages.
//   node smpp_npm.js PORT MESSAGES WINDOW
const path = require('path');
const smpp = require(path.join(__dirname, '../../tests/peers/node_modules/smpp'));

const [port, total, window] = process.argv.slice(2).map(Number);
const header = Buffer.from([0x02, 0x70, 0x00]);
const content = Buffer.alloc(137, 0xa5);
let sent = 0, answered = 0, begin;

function fail(error) {
  console.error(error);
  process.exit(1);
}

const session = smpp.connect({ host: '127.0.0.1', port });
session.on('error', fail);
session.on('connect', () => session.socket.setNoDelay(true));
session.bind_transceiver({ system_id: 'u', password: 'p' }, pdu => {
  if (pdu.command_status) fail('bind ' + pdu.command_status);
  begin = process.cpuUsage();
  for (let i = 0; i < window && sent < total; ++i) submit();
});

function submit() {
  session.submit_sm({
    source_addr_ton: 1, source_addr_npi: 1, source_addr: '12345',
    dest_addr_ton: 1, dest_addr_npi: 1,
    destination_addr: '49170' + String(sent++ % 10000000).padStart(7, '0'),
    esm_class: 0x40, protocol_id: 0x7f, data_coding: 0xf6,
    short_message: { udh: header, message: content },
  }, pdu => {
    if (pdu.command_status) fail('status ' + pdu.command_status);
    if (++answered === total) {
      const used = process.cpuUsage(begin);
      console.log(Math.round(total / ((used.user + used.system) / 1e6)));
      process.exit(0);
    }
    if (sent < total) submit();
  });
}
