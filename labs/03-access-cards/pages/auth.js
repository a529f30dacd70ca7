// SPDX-License-Identifier: Apache-2.0
// Signing in: the pool's own pages, an authorization code, PKCE. Where these pages are is in the issuer's
// discovery document. Tokens are kept for this tab only.

const KEPT = 'tokens';
const BEGUN = 'sign-in';
const home = new URL('.', location.href).href;

export class Problem extends Error {} // with a sentence for people

async function answer(request, sentence) {
  let response;
  try {
    response = await request;
  } catch {
    throw new Problem(sentence);
  }
  return response;
}

const config = answer(fetch('config.json'), 'This page’s own server cannot be reached.')
  .then((response) => response.json());
config.catch(() => {});
let found;
function discovery() {
  found ??= config.then(({ issuer }) => answer(fetch(`${issuer}/.well-known/openid-configuration`),
    'The sign-in service cannot be reached.')).then((response) => response.json());
  return found;
}

const base64url = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)))
  .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

function claims(token) {
  const text = atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/'));
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (c) => c.charCodeAt(0))));
}

/** Leaves for the sign-in page; comes back to that page. */
export async function signIn(page = location.pathname.split('/').pop()) {
  const begun = { verifier: random(), state: random(), page };
  sessionStorage.setItem(BEGUN, JSON.stringify(begun));
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(begun.verifier));
  const { authorization_endpoint: authorize } = await discovery();
  location.assign(`${authorize}?${new URLSearchParams({
    client_id: (await config).app, response_type: 'code', redirect_uri: home, scope: 'openid email',
    state: begun.state, code_challenge: base64url(hash), code_challenge_method: 'S256' })}`);
}

async function tokens(form) {
  const { token_endpoint: endpoint } = await discovery();
  const response = await answer(fetch(endpoint, { method: 'POST', body: new URLSearchParams({
    client_id: (await config).app, ...form }) }), 'The sign-in service cannot be reached.');
  const said = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw new Problem('You could not be signed in. Please try again.');
  }
  const kept = { refresh: said.refresh_token ?? form.refresh_token, access: said.access_token };
  sessionStorage.setItem(KEPT, JSON.stringify(kept));
  return kept;
}

/** Back from the sign-in page, if the address says so. True: it goes on to another page. */
export async function comeBack() {
  const query = new URLSearchParams(location.search);
  if (!query.has('code') && !query.has('error')) {
    return false;
  }
  const begun = JSON.parse(sessionStorage.getItem(BEGUN) ?? 'null');
  sessionStorage.removeItem(BEGUN);
  history.replaceState(null, '', home);
  if (query.has('error')) {
    throw new Problem(`You were not signed in: ${query.get('error_description') ?? query.get('error')}`);
  }
  if (begun === null || begun.state !== query.get('state')) {
    throw new Problem('This sign-in was not begun here. Please sign in again.');
  }
  await tokens({ grant_type: 'authorization_code', code: query.get('code'), redirect_uri: home,
    code_verifier: begun.verifier });
  if (begun.page !== '' && begun.page !== 'index.html') {
    location.replace(begun.page);
    return true;
  }
  return false;
}

/** Who is signed in: { name, scopes, token }; null: nobody. */
export async function session() {
  let kept = JSON.parse(sessionStorage.getItem(KEPT) ?? 'null');
  if (kept !== null && claims(kept.access).exp * 1000 < Date.now() + 30000) {
    kept = await tokens({ grant_type: 'refresh_token', refresh_token: kept.refresh }).catch(() => null);
  }
  if (kept === null) {
    sessionStorage.removeItem(KEPT);
    return null;
  }
  const said = claims(kept.access);
  return { name: said.username, scopes: said.scope.split(' '), token: kept.access };
}

export async function signOut() {
  sessionStorage.removeItem(KEPT);
  const { authorization_endpoint: authorize } = await discovery();
  location.assign(`${authorize.replace('/oauth2/authorize', '/logout')}?${new URLSearchParams({
    client_id: (await config).app, logout_uri: home })}`);
}
