/* SPDX-License-Identifier: Apache-2.0
 *
 * Lets devices in: the Lambda authorizer of the routes for scans. A device's key is its id, a dot
 * and a secret; the table has the secret's SHA-256 only. What the table says of the device goes on
 * to the functions behind, so that a device speaks for its own door and for no other.
 */
#include "lab.h"

#include <string.h>

/* Takes the same time whatever differs. */
static bool same(struct weir_text one, const char *other, size_t bytes)
{
    unsigned char differs = 0;

    if (one.bytes != bytes) {
        return false;
    }
    for (size_t i = 0; i < bytes; i++) {
        differs |= (unsigned char)(one.at[i] ^ other[i]);
    }
    return differs == 0;
}

static void handle(struct weir_invocation *in)
{
    struct weir_text key = lab_plain(in->event, "identitySource[0]");
    const char *dot = key.at == NULL ? NULL : memchr(key.at, '.', key.bytes);
    struct weir_text device;
    struct weir_text secret;
    struct weir_text item;
    struct weir_aws_answer answer;
    char hash[65];
    bool may;

    weir_json_add(&in->answer, "{'isAuthorized':false}");
    if (dot == NULL) {
        return;
    }
    device = (struct weir_text){key.at, (size_t)(dot - key.at)};
    secret = (struct weir_text){dot + 1, key.bytes - device.bytes - 1};
    if (!lab_is_id(device)) {
        return;
    }
    weir_json_add(lab_begin(),
                  "{'TableName':%s,'Key':{'pk':{'S':'DEVICE#%t'},'sk':{'S':'DEVICE'}}}", lab_table,
                  device);
    if (!lab_call(in, "dynamodb", "GetItem", NULL, &answer)) {
        weir_lambda_fail(in, "Lab.NoTable", "the device could not be looked up");
        return;
    }
    item = weir_json_get(answer.json, "Item");
    weir_aws_sha256(secret, hash);
    may = same(lab_plain(item, "key_sha256.S"), hash, 64) &&
          weir_text_is(lab_plain(item, "state.S"), "active");
    if (!may) {
        weir_lambda_log(in, WEIR_WARN, "device %.*s has no good key", WEIR_ARG(device));
        return;
    }
    weir_buf_clear(&in->answer);
    weir_json_add(&in->answer,
                  "{'isAuthorized':true,'context':{'device':%t,'building':%j,'door':%j}}", device,
                  weir_json_get(item, "building.S"), weir_json_get(item, "door.S"));
}

int main(void)
{
    return lab_run(handle);
}
