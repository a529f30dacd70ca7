// SPDX-License-Identifier: Apache-2.0
// amazon-cognito-identity-js, unmodified: signs up, confirms, signs in by SRP, reads and changes itself,
// sets up a software token and signs in with it, and chooses a new password for an invited user.
// Arguments: endpoint, pool, client, invited user, temporary password. Prints what it saw as JSON.
import crypto from "node:crypto";
import idp from "amazon-cognito-identity-js";

const [endpoint, UserPoolId, ClientId, invited, temporary] = process.argv.slice(2);
const pool = new idp.CognitoUserPool({ UserPoolId, ClientId, endpoint });
const password = "Passw0rd!";
const seen = {};

const called = (object, method, ...words) => new Promise((done, failed) => {
  object[method](...words, (error, result) => (error ? failed(error) : done(result)));
});

const userNamed = (Username) => new idp.CognitoUser({ Username, Pool: pool });

const signIn = (user, Password, more = {}) => new Promise((done, failed) => {
  user.authenticateUser(new idp.AuthenticationDetails({ Username: user.getUsername(), Password }), {
    onSuccess: (session) => done({ session }),
    onFailure: failed,
    newPasswordRequired: (attributes) => done({ attributes }),
    totpRequired: () => done({ totp: true }),
    ...more,
  });
});

const codeFor = async (address) => {
  const kept = await (await fetch(`${endpoint}/_weir/outbox`)).json();
  return kept.messages.find((message) => message.to === address).body.match(/\d{6}/)[0];
};

const bits = (secret) => [...secret].map((letter) =>
  "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");

const totp = (secret, step) => {
  const key = Buffer.from(bits(secret).match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const made = crypto.createHmac("sha1", key).update(counter).digest();
  const number = (made.readUInt32BE(made[19] & 15) & 0x7fffffff) % 1000000;
  return String(number).padStart(6, "0");
};

const email = new idp.CognitoUserAttribute({ Name: "email", Value: "js@example.com" });
const made = await called(pool, "signUp", "js", password, [email], null);
seen.sent = made.codeDeliveryDetails.DeliveryMedium;
const user = userNamed("js");
seen.confirmed = await called(user, "confirmRegistration", await codeFor("js@example.com"), false);

seen.wrong = await signIn(user, "Wrong-passw0rd").catch((error) => error.code);
const { session } = await signIn(user, password);
seen.valid = session.isValid();
seen.subject = session.getIdToken().payload["cognito:username"];
const attributes = await called(user, "getUserAttributes");
seen.email = attributes.find((one) => one.getName() === "email").getValue();
seen.refreshed = (await called(user, "refreshSession", session.getRefreshToken())).isValid();
seen.changed = await called(user, "changePassword", password, "N3w-Passw0rd");

const secret = await new Promise((done, onFailure) =>
  user.associateSoftwareToken({ associateSecretCode: done, onFailure }));
const step = Math.floor(Date.now() / 30000); // its code now, and later the one after it
await new Promise((onSuccess, onFailure) =>
  user.verifySoftwareToken(totp(secret, step), "js", { onSuccess, onFailure }));
await called(user, "setUserMfaPreference", null, { PreferredMfa: true, Enabled: true });
const again = userNamed("js");
seen.totp = (await signIn(again, "N3w-Passw0rd")).totp;
seen.second = (await new Promise((onSuccess, onFailure) => again.sendMFACode(
  totp(secret, step + 1), { onSuccess, onFailure }, "SOFTWARE_TOKEN_MFA"))).isValid();

const guest = userNamed(invited);
seen.asked = Object.keys((await signIn(guest, temporary)).attributes);
seen.chosen = (await new Promise((onSuccess, onFailure) => guest.completeNewPasswordChallenge(
  password, {}, { onSuccess, onFailure }))).isValid();
await new Promise((onSuccess, onFailure) => guest.globalSignOut({ onSuccess, onFailure }));
console.log(JSON.stringify(seen));
