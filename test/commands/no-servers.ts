// Loaded before a program that may open nothing: what Node's permissions do not cover.
import { Server, Socket } from "node:net";

// A library asks for it when it is loaded, and never uses it.
Object.assign(process, { binding: () => ({}) });

Server.prototype.listen = () => {
  throw new Error("a port was opened");
};
Socket.prototype.connect = () => {
  throw new Error("a connection was opened");
};
