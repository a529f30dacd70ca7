// SPDX-License-Identifier: Apache-2.0
// openid-client as a public client with PKCE: discovers, begins, and when the test has signed in at
// the hosted page (it gives back the address), exchanges the code, validates, asks who it is,
// refreshes and revokes. One JSON line a step.
import * as client from 'openid-client';
import readline from 'node:readline';

const { ISSUER, CLIENT_ID, REDIRECT } = process.env;
const say = (value) => console.log(JSON.stringify(value));
const config = await client.discovery(new URL(ISSUER), CLIENT_ID, undefined, client.None(), {
  execute: [client.allowInsecureRequests],
});
const verifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const nonce = client.randomNonce();
say(client.buildAuthorizationUrl(config, {
  redirect_uri: REDIRECT,
  scope: 'openid email',
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  state,
  nonce,
}).href);
for await (const line of readline.createInterface({ input: process.stdin })) {
  const tokens = await client.authorizationCodeGrant(config, new URL(line), {
    pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true,
  });
  const claims = tokens.claims();
  const user = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
  const again = await client.refreshTokenGrant(config, tokens.refresh_token);
  await client.tokenRevocation(config, tokens.refresh_token);
  let revoked = null;
  try {
    await client.refreshTokenGrant(config, tokens.refresh_token);
  } catch (error) {
    revoked = error.error;
  }
  say({ issuer: config.serverMetadata().issuer, claims, user, again: again.claims(), revoked });
  break;
}
