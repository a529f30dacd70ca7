// SPDX-License-Identifier: Apache-2.0
// Where one signs in, and comes back to.
import { comeBack, signIn } from './auth.js';
import { $, attempt, begin, complain, tell } from './page.js';

async function start() {
  const goesOn = await comeBack().catch((problem) => {
    complain(problem);
    return false;
  });
  if (goesOn) {
    return;
  }
  const who = await begin();
  const may = who?.scopes.some((scope) => scope.startsWith('cards/'));
  $('tiles').hidden = !may;
  $('sign-in').hidden = who !== null;
  $('sign-in').firstChild.onclick = (event) => attempt(() => signIn('index.html'), event.target);
  tell(who === null ? 'Sign in to issue cards, to see who is inside, or to review scans.' :
    may ? `Welcome, ${who.name}.` : `${who.name}, you are in none of the groups that may do something here.`);
}

start().catch(complain);
