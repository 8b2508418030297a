// A WebSocket client by the ws package: goes through what a connection can do and says how it went, a line for each.
const crypto = require('crypto');
const { once } = require('events');
const { WebSocket } = require('ws');

const [, , port, host] = process.argv;
const open = (path, protocols = []) => new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, { headers: { Host: host, 'x-mark': 'm' }, maxPayload: 64 * 1024 * 1024 });

async function echo() {
  const socket = open('/echo', ['chat.v2']);
  await once(socket, 'open');
  console.log(`protocol ${socket.protocol}`);
  let good = 0;
  for (const size of [0, 1, 125, 126, 65535, 70000, 4000000]) {
    const sent = crypto.randomBytes(size);
    socket.send(sent);
    const [back, binary] = await once(socket, 'message');
    good += binary && sent.equals(back) ? 1 : 0;
  }

  socket.send('text äöü');
  const [text, binary] = await once(socket, 'message');
  console.log(`echoed ${good} ${text} ${binary}`);
  socket.ping('ball');
  const [pong] = await once(socket, 'pong');
  console.log(`pong ${pong}`);
  socket.close(4002, 'bye');
  const [code, reason] = await once(socket, 'close');
  console.log(`closed ${code} ${reason}`);
}

async function closedByServer() {
  const socket = open('/close');
  await once(socket, 'open');
  socket.send('go');
  const [code, reason] = await once(socket, 'close');
  console.log(`closed ${code} ${reason}`);
}

async function denied() {
  const socket = open('/deny');
  socket.on('error', () => {});
  const [, response] = await once(socket, 'unexpected-response');
  console.log(`denied ${response.statusCode} ${response.headers['x-why']}`);
  socket.terminate();
}

(async () => {
  await echo();
  await closedByServer();
  await denied();
})();
