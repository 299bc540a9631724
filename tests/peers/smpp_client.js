// npm's smpp as an ESME: binds (with a wrong password first), submits messages as Simurgh sends
// them, takes what is delivered, asks and unbinds. Prints what it saw as one JSON line.
//   node smpp_client.js PORT MESSAGES DELIVERIES
const smpp = require('smpp');

const [port, messages, deliveries] = process.argv.slice(2).map(Number);
const seen = { refused: null, smsc: null, ids: [], statuses: [], delivered: [], query: null,
  cancel: null, enquired: 0 };

function fail(error) {
  console.error(error);
  process.exit(1);
}

const wrong = smpp.connect({ host: '127.0.0.1', port });
wrong.on('error', fail);
wrong.bind_transceiver({ system_id: 'esme', password: 'wrong' }, pdu => {
  seen.refused = pdu.command_status;
  wrong.destroy();
  begin();
});

function begin() {
  const session = smpp.connect({ host: '127.0.0.1', port });
  session.on('error', fail);
  session.on('enquire_link', pdu => session.send(pdu.response()));
  session.on('deliver_sm', pdu => {
    const content = pdu.short_message.message;
    const udh = pdu.short_message.udh;
    seen.delivered.push({ esm_class: pdu.esm_class, source: pdu.source_addr,
      udh: udh ? Buffer.concat([].concat(udh)).toString('hex') : '',
      text: Buffer.isBuffer(content) ? content.toString('hex') : content,
      receipted: pdu.receipted_message_id, state: pdu.message_state });
    session.send(pdu.response());
    finish(session);
  });
  session.bind_transceiver({ system_id: 'esme', password: 'secret' }, pdu => {
    if (pdu.command_status !== 0) fail('bind ' + pdu.command_status);
    seen.smsc = pdu.system_id;
    for (let i = 0; i < messages; ++i) submit(session, i);
  });
}

function submit(session, i) {
  session.submit_sm({
    source_addr_ton: 1, source_addr_npi: 1, source_addr: '12345',
    dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: '4917000' + String(i).padStart(5, '0'),
    esm_class: 0x40, protocol_id: 0x7f, data_coding: 0xf6, registered_delivery: 1,
    validity_period: '000001000000000R', user_message_reference: i,
    short_message: { udh: Buffer.from([0x02, 0x70, 0x00]),
      message: Buffer.from('message ' + i) },
  }, pdu => {
    seen.statuses.push(pdu.command_status);
    seen.ids.push(pdu.message_id);
    finish(session);
  });
}

let finishing = false;
function finish(session) {
  if (finishing || seen.ids.length < messages || seen.delivered.length < deliveries) return;
  finishing = true;
  session.query_sm({ message_id: seen.ids[0] }, q => {
    seen.query = { status: q.command_status, state: q.message_state };
    session.cancel_sm({ message_id: 'unknown' }, c => {
      seen.cancel = c.command_status;
      session.enquire_link({}, e => {
        seen.enquired = e.command_status === 0 ? 1 : 0;
        session.unbind({}, () => {
          console.log(JSON.stringify(seen));
          session.close(() => process.exit(0));
        });
      });
    });
  });
}
