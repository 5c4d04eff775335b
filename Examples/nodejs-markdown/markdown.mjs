// A small Markdown renderer: headings, paragraphs, lists, quotations, code, tables, emphasis, links, images. HTML in the text
// is shown as text, and links lead to the web or within the page only.

const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const BLOCK_START = /^(#{1,6}\s|```|>\s?|[-*+]\s|\d+\.\s|\|.*\||(?:-{3,}|\*{3,})$)/;

/** The document as HTML, with its title, its headings and the number of its words. */
export function render(markdown) {
  const document = { contents: [] };
  const html = blocks(markdown.replace(/\r\n?/g, '\n').split('\n'), document);
  return {
    title: document.contents[0]?.text ?? 'Untitled',
    html,
    contents: document.contents,
    // Not those of link targets.
    words: markdown.replace(/\]\([^)]*\)/g, ']').match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu)?.length ?? 0,
  };
}

function escape(text) {
  return text.replace(/[&<>"]/g, (character) => ESCAPES[character]);
}

function blocks(lines, document) {
  const html = [];
  let next = 0;
  /** The lines from here on that the pattern matches, without what it matches. */
  const take = (pattern) => {
    const taken = [];
    while (next < lines.length && pattern.test(lines[next])) taken.push(lines[next++].replace(pattern, ''));
    return taken;
  };
  while (next < lines.length) {
    const line = lines[next];
    const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
    if (line.trim() === '') {
      next++;
    } else if (heading) {
      next++;
      html.push(headingOf(heading[1].length, heading[2], document));
    } else if (line.startsWith('```')) {
      next++;
      const code = take(/^(?!```)/);
      next++;
      const language = line.slice(3).trim();
      html.push(`<pre><code${language && ` class="language-${escape(language)}"`}>${escape(code.join('\n'))}</code></pre>`);
    } else if (/^(-{3,}|\*{3,})$/.test(line)) {
      next++;
      html.push('<hr>');
    } else if (/^>/.test(line)) {
      html.push(`<blockquote>${blocks(take(/^>\s?/), document)}</blockquote>`);
    } else if (/^[-*+]\s/.test(line)) {
      html.push(`<ul>${take(/^[-*+]\s+/).map((item) => `<li>${inline(item)}</li>`).join('')}</ul>`);
    } else if (/^\d+\.\s/.test(line)) {
      html.push(`<ol>${take(/^\d+\.\s+/).map((item) => `<li>${inline(item)}</li>`).join('')}</ol>`);
    } else if (/^\|.*\|$/.test(line) && /^\|[-:| ]+\|$/.test(lines[next + 1] ?? '')) {
      const rows = [];
      while (next < lines.length && /^\|.*\|$/.test(lines[next])) rows.push(lines[next++].slice(1, -1).split('|'));
      html.push(tableOf(rows[0], rows.slice(2)));
    } else {
      const text = [lines[next++]];
      while (next < lines.length && lines[next].trim() !== '' && !BLOCK_START.test(lines[next])) text.push(lines[next++]);
      html.push(`<p>${inline(text.join(' '))}</p>`);
    }
  }
  return html.join('\n');
}

function headingOf(level, text, document) {
  const base = text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '') || 'section';
  const same = document.contents.filter((entry) => entry.id === base || entry.id.startsWith(`${base}-`)).length;
  const id = same === 0 ? base : `${base}-${same + 1}`;
  document.contents.push({ level, text, id });
  return `<h${level} id="${id}">${inline(text)}</h${level}>`;
}

function tableOf(head, rows) {
  const row = (cells, tag) => `<tr>${cells.map((cell) => `<${tag}>${inline(cell.trim())}</${tag}>`).join('')}</tr>`;
  return `<table>${row(head, 'th')}${rows.map((cells) => row(cells, 'td')).join('')}</table>`;
}

function inline(text) {
  // What is between backquotes is code, and nothing in it means anything.
  return text.split(/(`[^`]+`)/).map((part) => {
    if (/^`[^`]+`$/.test(part)) return `<code>${escape(part.slice(1, -1))}</code>`;
    return escape(part)
      .replace(/!\[([^\]]*)\]\(([^)\s]+)\)/g, (whole, label, target) => (isSafe(target) ? `<img src="${target}" alt="${label}">` : whole))
      .replace(/\[([^\]]+)\]\(([^)\s]+)\)/g, (whole, label, target) => (isSafe(target) ? `<a href="${target}">${label}</a>` : whole))
      .replace(/\*\*(.+?)\*\*/g, '<strong>$1</strong>')
      .replace(/\*(.+?)\*/g, '<em>$1</em>');
  }).join('');
}

function isSafe(target) {
  return /^(https?:\/\/|#|\/(?!\/))/.test(target);
}
