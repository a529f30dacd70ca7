// SPDX-License-Identifier: Apache-2.0
// The security's page: how many are in each building, and who.
import { $, ask, attempt, begin, fill, make, row, tell, when } from './page.js';

const EVERY = 3000;
let chosen = null; // a building
let next; // its next page

async function people(more) {
  const answer = await ask(`buildings/${encodeURIComponent(chosen.building)}/inside`,
    { query: { next: more ? next : undefined } });
  next = answer.next;
  $('building').hidden = false;
  $('name').textContent = `${chosen.name}: ${chosen.inside} inside`;
  if (!more) {
    $('people').tBodies[0].replaceChildren();
  }
  fill($('people'), answer.people.map((one) => row(one.name ?? one.employee, when(one.entered), one.door, one.card)));
  $('people').hidden = chosen.inside === 0;
  $('more').hidden = next === undefined;
}

async function look() {
  const { buildings } = await ask('buildings');
  const most = Math.max(1, ...buildings.map((one) => one.inside));
  $('buildings').tBodies[0].replaceChildren();
  fill($('buildings'), buildings.map((one) => {
    const open = make('button', { type: 'button', className: 'link' }, one.name);
    open.onclick = () => attempt(() => {
      chosen = one;
      return people(false);
    }, open);
    const bar = make('span', { className: 'bar' });
    bar.style.width = `${(100 * one.inside) / most}%`;
    return row(open, one.city, make('td', { className: 'number' }, String(one.inside)),
      make('td', { className: 'wide', ariaHidden: 'true' }, one.inside > 0 ? bar : ''));
  }));
  const total = buildings.reduce((sum, one) => sum + one.inside, 0);
  tell(`${total} people in ${buildings.length} buildings.`);
  if (chosen !== null) {
    chosen = buildings.find((one) => one.building === chosen.building) ?? chosen;
  }
}

async function follow() {
  if ($('follow').checked && !document.hidden) {
    const focused = document.activeElement?.textContent;
    await attempt(async () => {
      await look();
      if (chosen !== null && $('more').hidden) {
        await people(false);
      }
    });
    [...document.querySelectorAll('#buildings button')].find((one) => one.textContent === focused)?.focus();
  }
  setTimeout(follow, EVERY);
}

if (await begin('cards/inside')) {
  $('more').onclick = (event) => attempt(() => people(true), event.target);
  await attempt(look);
  setTimeout(follow, EVERY);
}
