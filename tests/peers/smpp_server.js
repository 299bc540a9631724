// npm's smpp as an SMSC: takes messages, throttles some, breaks the link once, delivers a receipt
// for each and one message of its own. Prints its port, and at the end what it saw.
//   node smpp_server.js MESSAGES THROTTLE BREAK_AFTER
const net = require('net');
const smpp = require('smpp');

const [messages, throttle, breakAfter] = process.argv.slice(2).map(Number);
const seen = { binds: 0, refused: 0, texts: [], fields: null, throttled: 0, broken: 0,
  receiptsAcknowledged: 0, enquired: 0, mobile: null };
let next = 0;
const unacknowledged = new Map();  // delivered again after a bind, as an SMSC does

function deliver(session, key, fields, done) {
  unacknowledged.set(key, again => deliver(again, key, fields, done));
  session.deliver_sm(fields, r => {
    if (unacknowledged.delete(key)) done(r.command_status);
  });
}

const server = smpp.createServer({}, session => {
  session.on('error', () => {});
  session.on('bind_transceiver', pdu => {
    if (pdu.password !== 'secret') {
      ++seen.refused;
      session.send(pdu.response({ command_status: 0x0e }));
      return;
    }
    ++seen.binds;
    session.send(pdu.response({ system_id: 'node' }));
    for (const again of [...unacknowledged.values()]) again(session);
  });
  session.on('enquire_link', pdu => {
    ++seen.enquired;
    session.send(pdu.response());
  });
  session.on('submit_sm', pdu => {
    if (breakAfter > 0 && !seen.broken && seen.texts.length >= breakAfter) {
      seen.broken = 1;
      session.destroy();
      return;
    }
    if (seen.throttled < throttle) {
      ++seen.throttled;
      session.send(pdu.response({ command_status: 0x58 }));
      return;
    }
    const id = 'id' + (++next).toString(16);
    const udh = pdu.short_message.udh;
    if (!seen.fields) {
      seen.fields = { esm_class: pdu.esm_class, protocol_id: pdu.protocol_id,
        data_coding: pdu.data_coding, destination: pdu.destination_addr,
        registered_delivery: pdu.registered_delivery, validity_period_set: !!pdu.validity_period,
        reference: pdu.user_message_reference,
        udh: udh ? Buffer.concat([].concat(udh)).toString('hex') : '' };
    }
    seen.texts.push(pdu.short_message.message.toString());
    session.send(pdu.response({ message_id: id }));
    deliver(session, id, { esm_class: 4, source_addr: pdu.destination_addr,
      destination_addr: pdu.source_addr, receipted_message_id: id, message_state: 2,
      short_message: 'id:' + id + ' sub:001 dlvrd:001 submit date:2601020304 done date:' +
        '2601020305 stat:DELIVRD err:000 text:' },
    status => { if (status === 0) ++seen.receiptsAcknowledged; });
    if (new Set(seen.texts).size === messages) {
      deliver(session, 'por', { esm_class: 0x40, source_addr: '491700000001',
        destination_addr: '12345', protocol_id: 0x7f, data_coding: 0xf6,
        short_message: { udh: Buffer.from([0x02, 0x71, 0x00]), message: Buffer.from('por') } },
      status => { seen.mobile = status; });
    }
  });
  session.on('unbind', pdu => {
    session.send(pdu.response());
    session.close();
    console.log(JSON.stringify(seen));
    setTimeout(() => process.exit(0), 50);
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
