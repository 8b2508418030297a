// Calls without a sidecar: grpc-js finds the control plane by GRPC_XDS_BOOTSTRAP, which `banyan up` sets.
const grpc = require('@grpc/grpc-js');
require('@grpc/grpc-js-xds').register();

const same = (value) => value;
const clients = new Map();
const clientOf = (target) => {
  if (!clients.has(target)) {
    clients.set(target, new grpc.Client(target, grpc.credentials.createInsecure()));
  }
  return clients.get(target);
};

function loop(target, method, header, pause) {
  const metadata = new grpc.Metadata();
  metadata.set('x-client', 'js');
  if (header) {
    metadata.set(header[0], header[1]);
  }
  const call = () => clientOf(target).makeUnaryRequest(
    `/examples.v1.Echo/${method}`, same, same, Buffer.from('hello'), metadata, (error) => {
      if (error && method !== 'Slow') {
        console.error(`${method}: ${grpc.status[error.code]} ${error.details}`);
      }
      setTimeout(call, error ? 200 : pause);
    });
  call();
}

// target, method, header, pause in milliseconds
loop('xds:///echo.default:80', 'Split', null, 10);
loop('xds:///echo.default:80', 'Pinned', ['x-pin', 'v2'], 100);
loop('xds:///echo.default:80', 'Slow', null, 200);
loop('xds:///moving.default:80', 'Move', null, 50);
