// SPDX-License-Identifier: Apache-2.0
// What all pages share: who is signed in, asking the API, telling what went wrong, small pieces of HTML.
import { Problem, session, signIn, signOut } from './auth.js';

export const $ = (id) => document.getElementById(id);

/** make('td', { className: 'number' }, 'text', another) */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export function tell(sentence) {
  $('status').textContent = sentence;
}

export function complain(problem) {
  const box = $('error');
  box.hidden = problem === null;
  if (problem !== null) {
    box.textContent = problem instanceof Problem ? problem.message : `Something went wrong: ${problem.message}`;
    box.scrollIntoView({ block: 'nearest' });
    console.error(problem);
  }
}

/** Runs what a user began; its errors are shown. The button waits meanwhile. */
export async function attempt(work, button) {
  complain(null);
  if (button) {
    button.disabled = true;
  }
  try {
    await work();
  } catch (problem) {
    tell('');
    complain(problem);
  } finally {
    if (button) {
      button.disabled = false;
    }
  }
}

const REFUSED = {
  401: 'Your sign-in is over. Please sign in again.',
  403: 'You may not do this. Ask whoever looks after the groups of users.',
  429: 'Too much is going on. Please try again in a moment.',
};

/** Asks the API; gives its answer, or throws a sentence. */
export async function ask(path, { method = 'GET', body, query = {} } = {}) {
  const who = await session();
  if (who === null) {
    await signIn();
    throw new Problem('Please sign in.');
  }
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const words = given.length ? `?${new URLSearchParams(given)}` : '';
  let response;
  try {
    response = await fetch(`${path}${words}`, { method, body: body && JSON.stringify(body),
      headers: { authorization: `Bearer ${who.token}`, ...(body && { 'content-type': 'application/json' }) } });
  } catch {
    throw new Problem('The server cannot be reached. Please try again.');
  }
  const said = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw new Problem((said.reason && said.message) || REFUSED[response.status] ||
      `The server could not do this (${response.status}). Please try again.`);
  }
  return said;
}

async function meet(scope) {
  const who = await session();
  for (const one of document.querySelectorAll('nav [data-scope], .tiles [data-scope]')) {
    one.hidden = who !== null && !who.scopes.includes(one.dataset.scope);
  }
  const here = location.pathname.split('/').pop();
  document.querySelector(`nav a[href="${here}"]`)?.setAttribute('aria-current', 'page');
  if (who !== null) {
    const button = make('button', { type: 'button', onclick: () => attempt(signOut) }, 'Sign out');
    $('who').replaceChildren(who.name, button);
  }
  if (scope === undefined) {
    return who;
  }
  if (who === null) {
    await signIn();
    return null;
  }
  if (!who.scopes.includes(scope)) {
    document.querySelector('main').replaceChildren(
      make('h1', {}, 'This page is not for you'),
      make('p', { role: 'alert', id: 'error' }, `You are signed in as ${who.name}, who may not use it.`),
      make('p', {}, make('a', { href: './' }, 'To the beginning')));
    return null;
  }
  return who;
}

/** Every page begins so. Gives who is signed in; null: he is being sent to sign in, or may not. */
export async function begin(scope) {
  try {
    return await meet(scope);
  } catch (problem) {
    tell('');
    complain(problem);
    return null;
  }
}

const form = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' });
export function when(moment) {
  return moment ? make('time', { dateTime: moment }, form.format(new Date(moment))) : '';
}

export function fill(table, rows) {
  table.tBodies[0].append(...rows);
}

export function row(...cells) {
  return make('tr', {}, ...cells.map((cell) => (cell instanceof HTMLTableCellElement ? cell :
    make('td', {}, cell ?? ''))));
}

/** Employees to choose from; the one that is chosen is handed on. */
export async function find(text, chosen) {
  const { employees } = await ask('employees', { query: { find: text } });
  const list = $('found');
  list.replaceChildren(...employees.map((one) => {
    const button = make('button', { type: 'button', ariaPressed: 'false' }, one.name ?? one.employee,
      make('span', {}, `${one.department ?? ''} · ${one.employee}`));
    const item = make('li', {}, button);
    button.onclick = () => attempt(async () => {
      button.ariaPressed = 'true';
      list.replaceChildren(item);
      tell('');
      await chosen(one);
    });
    return item;
  }));
  tell(employees.length === 0 ? `Nobody’s name begins with “${text}”, and no number is that.` :
    employees.length === 1 ? '' : `${employees.length} employees${employees.length === 20 ? ' or more' : ''}. Choose one.`);
  if (employees.length === 1) {
    list.querySelector('button').click();
  }
}
