// Draws from every generator of Node.js that a function may have used before its snapshot.

import crypto from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { Worker } from "node:worker_threads";

/** What a worker thread draws that lives since before the snapshot. */
const WORKER = `
  const { parentPort } = require("worker_threads");
  const crypto = require("crypto");
  parentPort.on("message", () => parentPort.postMessage({
    "crypto.randomBytes": crypto.randomBytes(16).toString("hex"),
    "crypto.randomInt": crypto.randomInt(2 ** 47),
    "crypto.randomUUID": crypto.randomUUID(),
    "Math.random": Math.random(),
  }));
`;
const workers = {
  "in a worker thread": new Worker(WORKER, { eval: true }),
  "in a worker thread with arguments": new Worker(WORKER, { eval: true, execArgv: ["--no-deprecation"] }),
};

// One that the function keeps for itself: bytes drawn ahead, as packages do.
const pool = crypto.randomBytes(1024);
let drawn = 0;

const FRESH = {
  "crypto.randomBytes": () => crypto.randomBytes(16).toString("hex"),
  "crypto.randomInt": () => crypto.randomInt(2 ** 47),
  "crypto.randomUUID": () => crypto.randomUUID(),
  "crypto.getRandomValues": () => Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("hex"),
  "crypto.generateKeyPairSync": () =>
    crypto.generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" }).x,
  "Math.random": () => Math.random(),
};
const COPIED = {
  "bytes drawn ahead": () => pool.subarray((drawn += 16), drawn + 16).toString("hex"),
};

async function drawInWorkers() {
  const drawn = {};
  for (const [place, worker] of Object.entries(workers)) {
    const answer = new Promise((resolve) => worker.once("message", resolve));
    worker.postMessage("draw");
    for (const [name, value] of Object.entries(await answer)) drawn[`${name} ${place}`] = String(value);
  }
  return drawn;
}

function draw(draws) {
  return Object.fromEntries(Object.entries(draws).map(([name, draw]) => [name, String(draw())]));
}

draw(FRESH);
draw(COPIED);
await drawInWorkers();

export async function handler(event) {
  await setTimeout(event.hold * 1000);
  return { fresh: { ...draw(FRESH), ...await drawInWorkers() }, copied: draw(COPIED) };
}
