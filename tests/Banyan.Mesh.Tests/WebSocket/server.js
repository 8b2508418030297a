// A WebSocket server by the ws package: sends messages back. Paths ask for something else: see the switch.
const http = require('http');
const { WebSocketServer } = require('ws');

const sockets = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024 * 1024 });
const server = http.createServer((request, response) => response.end('plain'));

server.on('upgrade', (request, socket, head) => {
  switch (request.url) {
    case '/deny':
      socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\nConnection: close\r\nx-why: no-key\r\n\r\nkey?');
      return;
    case '/ignore':
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nplain');
      return;
    case '/forged':
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n'
        + 'Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n');
      return;
    default:
      sockets.handleUpgrade(request, socket, head, accepted => serve(accepted, request));
  }
});

function serve(socket, request) {
  socket.on('error', () => {});
  switch (request.url) {
    case '/close':
      socket.on('message', () => socket.close(4001, 'enough'));
      return;
    case '/ping':
      socket.on('pong', data => socket.send(`pong ${data}`));
      socket.ping('are you there');
      return;
    case '/saw':
      socket.send(`${request.httpVersion} ${request.headers.host} ${request.headers['x-mark']} ${request.headers['sec-websocket-key'].length}`);
      return;
    default:
      socket.on('message', (data, binary) => socket.send(data, { binary }));
      socket.on('close', (code, reason) => console.log(`closed ${code} ${reason}`));
  }
}

server.listen(Number(process.argv[2]), '127.0.0.1', () => console.log('serving'));
