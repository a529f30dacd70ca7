// SPDX-License-Identifier: Apache-2.0
// The auditor's page: one person's scans, or one card's, by time.
import { $, ask, attempt, begin, fill, find, row, tell, when } from './page.js';

const WHAT = { entered: 'Came in', left: 'Left', 'was not inside': 'Left, but did not count as inside' };
const REASONS = {
  inside: 'counted as inside already', late: 'later scans were there already', 'no-permission': 'may not enter',
  'card-not-active': 'card replaced or blocked', 'unknown-card': 'card not known',
};
let asked = null; // { path, title }
let next;

function line(scan) {
  const what = scan.outcome === 'refused' ? `Refused: ${REASONS[scan.reason] ?? scan.reason}` :
    WHAT[scan.outcome] ?? scan.outcome;
  const made = row(when(scan.at), what, scan.building, scan.door, scan.card);
  made.className = scan.outcome === 'refused' ? 'refused' : '';
  return made;
}

async function show(more) {
  const until = $('until').value;
  const answer = await ask(asked.path, { query: { from: $('from').value, until, next: more ? next : undefined } });
  next = answer.next;
  $('result').hidden = false;
  $('name').textContent = asked.title;
  if (!more) {
    $('scans').tBodies[0].replaceChildren();
  }
  fill($('scans'), answer.scans.map(line));
  const count = $('scans').tBodies[0].rows.length;
  $('scans').hidden = count === 0;
  $('more').hidden = next === undefined;
  tell(count === 0 ? 'There are no scans in this time.' :
    `${count} scan${count === 1 ? '' : 's'}${next === undefined ? '' : ', and more'}.`);
}

const of = () => document.querySelector('input[name=of]:checked').value;

if (await begin('cards/audit')) {
  for (const choice of document.querySelectorAll('input[name=of]')) {
    choice.onchange = () => {
      $('what').textContent = of() === 'card' ? 'Number on the card' :
        'Employee, by the beginning of the name or by number';
    };
  }
  $('ask').onsubmit = (event) => {
    event.preventDefault();
    $('result').hidden = true;
    const text = $('text').value.trim();
    attempt(async () => {
      if (of() === 'card') {
        $('found').replaceChildren();
        asked = { path: `cards/${encodeURIComponent(text)}/scans`, title: `Card ${text}` };
        await show(false);
        return;
      }
      await find(text, (one) => {
        asked = { path: `employees/${encodeURIComponent(one.employee)}/scans`, title: `${one.name} (${one.employee})` };
        return show(false);
      });
    }, event.submitter);
  };
  $('more').onclick = (event) => attempt(() => show(true), event.target);
  $('text').focus();
}
