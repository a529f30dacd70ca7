// SPDX-License-Identifier: Apache-2.0
// amazon-cognito-identity-js, unmodified, with a device that is remembered: it confirms the device after
// the first sign-in, and proves it by SRP at the next. Arguments: endpoint, pool, client, user, password.
import idp from "amazon-cognito-identity-js";

const [endpoint, UserPoolId, ClientId, Username, Password] = process.argv.slice(2);
const pool = new idp.CognitoUserPool({ UserPoolId, ClientId, endpoint });
const asked = [];
const send = pool.client.request.bind(pool.client);
pool.client.request = (operation, parameters, callback) => {
  asked.push(parameters.ChallengeName ?? operation);
  return send(operation, parameters, callback);
};

const signIn = () => new Promise((done, failed) => {
  const user = new idp.CognitoUser({ Username, Pool: pool });
  user.authenticateUser(new idp.AuthenticationDetails({ Username, Password }), {
    onSuccess: (session) => done({ user, session }),
    onFailure: failed,
    totpRequired: () => failed(new Error("a second factor was asked for")),
  });
});

await signIn();
const { user } = await signIn();
const list = (method, ...words) => new Promise((onSuccess, onFailure) =>
  user[method](...words, { onSuccess, onFailure }));
const devices = (await list("listDevices", 10, null)).Devices;
const about = Object.fromEntries(devices[0].DeviceAttributes.map((one) => [one.Name, one.Value]));
await list("setDeviceStatusNotRemembered");
await list("forgetDevice");
const left = (await list("listDevices", 10, null)).Devices.length;
console.log(JSON.stringify({ asked, count: devices.length, left,
  status: about["dev:device_remembered_status"] }));
