// Calls every shape on the port of the first argument and prints what came of it, a line each.
const grpc = require('@grpc/grpc-js');

const same = (value) => value;
const client = new grpc.Client(`127.0.0.1:${process.argv[2]}`, grpc.credentials.createInsecure());
const path = (name) => `/test.Shapes/${name}`;

function unary(name, options = {}) {
  return new Promise((done) => {
    client.makeUnaryRequest(path(name), same, same, Buffer.from('hi'), new grpc.Metadata(), options, (error, answer) =>
      done(error ? `${grpc.status[error.code]} ${error.details}` : answer.toString()));
  });
}

function server() {
  return new Promise((done) => {
    let count = 0;
    const call = client.makeServerStreamRequest(path('Server'), same, same, Buffer.alloc(0));
    call.on('data', () => count++).on('end', () => done(count)).on('error', (error) => done(error.message));
  });
}

function sending() {
  return new Promise((done) => {
    const call = client.makeClientStreamRequest(path('Client'), same, same, (error, answer) => done(error ? error.message : answer.toString()));
    for (let i = 0; i < 100; i++) call.write(Buffer.alloc(70000, 97));
    call.end();
  });
}

function bidi() {
  return new Promise((done) => {
    let bytes = 0;
    const call = client.makeBidiStreamRequest(path('Bidi'), same, same);
    call.on('data', (message) => { bytes += message.length; }).on('end', () => done(bytes)).on('error', (error) => done(error.message));
    for (let i = 0; i < 50; i++) call.write(Buffer.alloc(i, 97));
    call.end();
  });
}

(async () => {
  console.log('unary', await unary('Unary'));
  console.log('fail', await unary('Fail'));
  console.log('slow', (await unary('Slow', { deadline: Date.now() + 1000 })).split(' ')[0]);
  console.log('none', (await unary('None')).split(' ')[0]);
  console.log('server', await server());
  console.log('client', await sending());
  console.log('bidi', await bidi());
  client.close();
})();
