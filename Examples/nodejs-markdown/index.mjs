// Renders Markdown as a page of HTML: a document that came with the event, or one of those that came with the code.

import { randomUUID } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { afterRestore, beforeSnapshot } from 'thaw-snapstart';
import { render } from './markdown.mjs';

const began = performance.now();
const folder = new URL('pages/', import.meta.url);
const pages = Object.fromEntries(
  readdirSync(folder)
    .filter((file) => file.endsWith('.md'))
    .map((file) => [file.slice(0, -3), readFileSync(new URL(file, folder), 'utf8')]),
);
const rendered = new Map();
const loadedInMilliseconds = Math.round(performance.now() - began);

// What is made here once is the same in all clones of a snapshot: hooks are where a clone becomes one of its own.
let instance = randomUUID();

beforeSnapshot(() => {
  for (const name of Object.keys(pages)) page(name);
});

afterRestore(() => {
  instance = randomUUID();
});

function page(name) {
  if (!Object.hasOwn(pages, name)) {
    throw new RangeError(`no page is called ${JSON.stringify(name)}: say one of ${Object.keys(pages).join(', ')}`);
  }
  if (!rendered.has(name)) rendered.set(name, render(pages[name]));
  return rendered.get(name);
}

/** {"markdown": "…"} or {"page": "welcome"} gives {title, html, contents, words}. */
export async function handler(event) {
  const document = typeof event.markdown === 'string' ? render(event.markdown) : page(event.page ?? 'welcome');
  return {
    ...document,
    instance,
    initializationType: process.env.AWS_LAMBDA_INITIALIZATION_TYPE,
    loadedInMilliseconds,
  };
}
