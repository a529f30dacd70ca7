// SPDX-License-Identifier: Apache-2.0
// HR's page. A card is issued by an event that this page puts straight into the event store, at the
// address that it is given for it; the card is active when the event's processor has linked it.
import { Problem } from './auth.js';
import { $, ask, attempt, begin, fill, find, make, row, tell, when } from './page.js';

const STATES = { active: 'Active', replaced: 'Replaced', blocked: 'Blocked' };
const PATIENCE = 30000;
let chosen = null;

async function show(employee) {
  const one = await ask(`employees/${encodeURIComponent(employee)}`);
  chosen = one.employee;
  $('employee').hidden = false;
  $('name').textContent = one.name;
  $('facts').replaceChildren(
    make('dt', {}, 'Number'), make('dd', {}, one.employee),
    make('dt', {}, 'Department'), make('dd', {}, one.department ?? '–'),
    make('dt', {}, 'May enter'), make('dd', {}, one.buildings.map((each) => each.building).join(', ') || 'no building'));
  $('cards').tBodies[0].replaceChildren();
  fill($('cards'), one.cards.map((card) => row(card.card, STATES[card.state] ?? card.state, when(card.issued),
    card.issued_by)));
  $('cards').hidden = one.cards.length === 0;
  return one;
}

async function issue(employee, card) {
  const { upload, event } = await ask('cards', { method: 'POST', body: { employee, card } });
  const put = await fetch(upload.Url, { method: upload.Method, headers: upload.Headers, body: JSON.stringify(event) })
    .catch(() => null);
  if (!put?.ok) {
    throw new Problem(put?.status === 412 ? 'This card is being issued already.' :
      'The event store did not take the card. Please try again.');
  }
  tell(`Card ${card} is issued; it is about to become active…`);
  for (const end = Date.now() + PATIENCE; Date.now() < end;) {
    const one = await show(employee);
    if (one.cards.some((each) => each.card === card)) {
      tell(`Card ${card} is active. ${one.name} can use it now.`);
      return;
    }
    await new Promise((resolve) => { setTimeout(resolve, 400); });
  }
  throw new Problem(`Card ${card} is issued, but is not active yet. Look again later; if it stays so, the event ` +
    'could not be processed.');
}

if (await begin('cards/issue')) {
  $('find').onsubmit = (event) => {
    event.preventDefault();
    chosen = null;
    $('employee').hidden = true;
    attempt(() => find($('text').value.trim(), (one) => show(one.employee)), event.submitter);
  };
  $('issue').onsubmit = (event) => {
    event.preventDefault();
    attempt(async () => {
      await issue(chosen, $('card').value.trim());
      $('card').value = '';
    }, event.submitter);
  };
  $('text').focus();
}
