/* SPDX-License-Identifier: Apache-2.0
 *
 * Acts with private halves, on a worker thread.
 */
#include "svc/kms/work.h"

#include <assert.h>

struct work *work_new(struct call *c, enum act act, const struct kms_key *key)
{
    struct work *work = ARENA_NEW(c->keep, struct work);

    work->act = act;
    work->spec = key->spec;
    work->key_arn = key_arn(c->keep, key);
    return work;
}

static void work_run(void *arg)
{
    struct work *work = arg;
    struct str secret = crypt_str(&work->secret);
    struct signing signing = {work->algorithm, work->input, work->digest};

    switch (work->act) {
    case ACT_ENCRYPT:
        work->good = oaep_encrypt(secret, work->algorithm->hash, work->input, &work->out);
        break;
    case ACT_DECRYPT:
        work->good = oaep_decrypt(secret, work->algorithm->hash, work->input, &work->out);
        break;
    case ACT_SIGN:
        work->good = signature_make(secret, &signing, &work->out);
        break;
    case ACT_VERIFY:
        work->good = signature_holds(secret, &signing, work->other);
        break;
    case ACT_DERIVE:
        work->good = secret_derive(work->spec, secret, work->other, &work->out);
        break;
    case ACT_PAIR:
        work->good = pair_make(work->spec, &work->secret, &work->out);
        return;
    }
    crypt_wipe(&work->secret);
}

status work_begin(struct call *c, struct work *work, const struct kms_key *key,
                  status (*resume)(struct call *c))
{
    if (work->act != ACT_PAIR) {
        struct str secret;
        bool there = material_open(c, key, material_current(key), &secret);

        assert(there); /* the key is usable */
        assert(secret.bytes <= CRYPT_BYTES_MAX);
        memcpy(work->secret.at, secret.at, secret.bytes);
        work->secret.bytes = secret.bytes;
        crypt_wipe_str(secret);
    }
    c->kept = work;
    call_work(c, work_run, work, resume);
    return OK;
}
