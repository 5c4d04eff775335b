"use strict";

// A WebSocket server and its client, joined by a connection that is open when the function is frozen.
const { once } = require("node:events");
const { randomUUID } = require("node:crypto");
const lodash = require("lodash");
const { WebSocket, WebSocketServer } = require("ws");
const { v4 } = require("uuid");

let clone;
v4();

const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
server.on("connection", (socket) => socket.on("message", (data) => socket.send(lodash.upperFirst(`${data}`))));

const connected = (async () => {
    await once(server, "listening");
    const client = new WebSocket(`ws://127.0.0.1:${server.address().port}`);
    await once(client, "open");
    return client;
})();

exports.handler = async (event) => {
    clone ??= randomUUID();
    const client = await connected;
    client.send("question");
    const [answer] = await once(client, "message");
    if (`${answer}` !== "Question") throw new Error(`the answer is ${answer}`);
    await new Promise((done) => setTimeout(done, event.hold ?? 0));
    return { clone, unique: [v4()] };
};
