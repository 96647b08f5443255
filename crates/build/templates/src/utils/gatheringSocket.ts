import { Socket } from 'node:net';

/** A socket that sends at once what is written in one turn of the process: the statements of a short transaction travel together. */
export function gatheringSocket(): Socket {
  const socket = new Socket();
  let gathering = false;
  // Connecting gives a socket its own `write` back, whatever it had before.
  socket.once('connect', () => {
    const { write } = socket;
    socket.write = (...given: unknown[]): boolean => {
      if (!gathering) {
        gathering = true;
        socket.cork();
        process.nextTick(() => {
          gathering = false;
          socket.uncork();
        });
      }
      return Reflect.apply(write, socket, given);
    };
  });
  return socket;
}
