// Draws from every generator of Node.js that a function may have used before its snapshot.

import crypto from "node:crypto";
import { setTimeout } from "node:timers/promises";

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

function draw(draws) {
  return Object.fromEntries(Object.entries(draws).map(([name, draw]) => [name, String(draw())]));
}

draw(FRESH);
draw(COPIED);

export async function handler(event) {
  await setTimeout(event.hold * 1000);
  return { fresh: draw(FRESH), copied: draw(COPIED) };
}
