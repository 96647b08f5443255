'use strict';
// The report reads without this; it only helps to find things in it.
(() => {
  const make = (tag, props = {}, ...children) => {
    const node = Object.assign(document.createElement(tag), props);
    node.append(...children);
    return node;
  };
  const field = (label, onInput) => {
    const input = make('input', { type: 'search', autocomplete: 'off' });
    input.addEventListener('input', () => onInput(input.value.trim().toLowerCase()));
    return make('label', { className: 'search' }, label + ' ', input);
  };
  for (const table of document.querySelectorAll('table[data-filter]')) {
    const rows = [...table.tBodies[0].rows].map((row) => [row, row.textContent.toLowerCase()]);
    const count = make('output', {}, `${rows.length} rows`);
    const show = (wanted) => {
      let shown = 0;
      for (const [row, text] of rows) {
        row.hidden = !text.includes(wanted);
        if (!row.hidden) shown += 1;
      }
      count.textContent = wanted ? `${shown} of ${rows.length} rows` : `${rows.length} rows`;
    };
    table.parentElement.before(make('div', { className: 'tools' }, field('Filter', show), count));
  }
  const findings = [...document.querySelectorAll('details.entry[id^="finding-"]')];
  if (findings.length > 1) {
    const texts = findings.map((f) => [f, f.textContent.toLowerCase()]);
    const off = new Set();
    let wanted = '';
    const count = make('output', {}, `${findings.length} findings`);
    const show = () => {
      let shown = 0;
      for (const [finding, text] of texts) {
        finding.hidden = off.has(finding.dataset.level) || off.has(finding.dataset.confidence + ' confidence') || !text.includes(wanted);
        if (!finding.hidden) shown += 1;
      }
      count.textContent = `${shown} of ${findings.length} findings`;
    };
    const box = (name) => {
      const input = make('input', { type: 'checkbox', checked: true });
      input.addEventListener('change', () => {
        input.checked ? off.delete(name) : off.add(name);
        show();
      });
      return make('label', {}, input, ' ' + name);
    };
    const there = (key, order) => order.filter((name) => findings.some((f) => f.dataset[key] === name));
    const tools = make('div', { className: 'tools' }, field('Filter', (text) => { wanted = text; show(); }));
    tools.append(...there('level', ['critical', 'high', 'medium', 'low', 'info']).map(box));
    tools.append(...there('confidence', ['high', 'medium', 'low']).map((name) => box(name + ' confidence')));
    const all = make('button', { type: 'button' }, 'Open all');
    all.addEventListener('click', () => {
      const open = all.textContent === 'Open all';
      for (const finding of findings) finding.open = open && !finding.hidden;
      all.textContent = open ? 'Close all' : 'Open all';
    });
    tools.append(all, count);
    findings[0].before(tools);
  }
  const reveal = () => {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (target && target.tagName === 'DETAILS') target.open = true;
  };
  addEventListener('hashchange', reveal);
  reveal();
  let closed = [];
  addEventListener('beforeprint', () => {
    closed = [...document.querySelectorAll('details:not([open])')];
    for (const entry of closed) entry.open = true;
  });
  addEventListener('afterprint', () => {
    for (const entry of closed) entry.open = false;
  });
})();
